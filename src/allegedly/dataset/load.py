"""Loading the dataset in ML code: rows with string labels, or what `datasets`, pandas or polars make of them.

In a checkout the dataset is built when first asked for, and again when the corpus changed; an installed package carries it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from allegedly.dataset.build import MANIFEST, SPLITS, DatasetError, build, digest, manifest_of, shape
from allegedly.dataset.configs import Config, get_config
from allegedly.dataset.features import SPAN, Label, List, Struct, Type
from allegedly.dataset.rows import Row
from allegedly.store import Corpus, UnknownIdError, embedded_root, open_corpus

BATCH = 1000


def path(corpus: Corpus | None = None) -> Path:
    """The folder of the built dataset, for `datasets.load_dataset(str(allegedly.path()), "stance")`; built first if need be."""
    opened = corpus or open_corpus()
    places = [opened.root / "dataset"] if opened.root == embedded_root() else [opened.root / "build" / "dataset"]
    for folder in (*places, _cache() / opened.label):
        if (folder / MANIFEST).exists() and fresh(folder, opened):
            return folder
    return _built(opened)


def fresh(folder: Path, corpus: Corpus) -> bool:
    """Whether a built dataset is of this corpus, as it is now, and of the shape that this version makes."""
    try:
        manifest = manifest_of(folder)
    except DatasetError:
        return False
    return bool(manifest.get("corpus") == corpus.label and manifest.get("shape") == shape())


def _built(corpus: Corpus) -> Path:
    places = [] if corpus.root == embedded_root() else [corpus.root / "build" / "dataset"]
    for folder in (*places, _cache() / corpus.label):
        try:
            build(corpus, folder)
        except OSError:
            continue
        return folder
    raise DatasetError(f"neither {corpus.root / 'build'} nor {_cache()} can be written, so the dataset cannot be built")


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("allegedly") / "dataset"


def load(
    config: str = "articles",
    split: str = "train",
    as_: Literal["rows", "datasets", "pandas", "polars"] = "rows",
    corpus: Corpus | None = None,
) -> Any:
    """A split of a config: a list of dicts with string labels, or a `datasets.Dataset`, pandas or polars frame.

    `articles`, `detection`, `extraction_bio`, `linking`, `stance`, `disputes`, `bigbio_kb`; train, validation, test. Spans count code
    points of the row's `text`. UnknownIdError lists configs and splits; DatasetError where the built files are not what the manifest says.
    """
    chosen = get_config(config)
    if split not in SPLITS:
        raise UnknownIdError("split", split, SPLITS)
    folder = path(corpus)
    if split not in manifest_of(folder)["configs"].get(config, {}):
        if as_ == "rows":
            return []
        raise DatasetError(f"{config} has no rows in {split}")
    if as_ == "rows":
        return _checked(folder, chosen, split)
    if as_ == "datasets":
        import datasets

        return datasets.Dataset.from_parquet(str(_file(folder, chosen, split)))
    if as_ == "pandas":
        import pandas as pd

        return pd.DataFrame(_checked(folder, chosen, split))
    if as_ == "polars":
        import polars as pl

        return pl.DataFrame(_checked(folder, chosen, split), infer_schema_length=None)
    raise UnknownIdError("as_", as_, ["rows", "datasets", "pandas", "polars"])


def rows(file: Path, config: Config) -> Iterator[Row]:
    """The rows of a parquet file, batch by batch; a text that many rows share is one string in memory."""
    import pyarrow.parquet as pq

    strings = [name for name in ("text", "article", "story", "canary") if name in config.columns]
    with pq.ParquetFile(file, read_dictionary=strings) as opened:
        for batch in opened.iter_batches(BATCH):
            columns = [_values(batch.column(n), config, name) for n, name in enumerate(batch.schema.names)]
            names = batch.schema.names
            for values in zip(*columns, strict=True):
                yield dict(zip(names, values))  # noqa: B905 (equal by construction; this is the inner loop)


def _values(column: Any, config: Config, name: str) -> list[Any]:
    import pyarrow as pa

    if isinstance(column.type, pa.DictionaryType):
        known = column.dictionary.to_pylist()
        return [known[n] for n in column.indices.to_numpy().tolist()]
    return plain(config.columns[name], column)


def plain(kind: Type, array: Any) -> list[Any]:
    """An Arrow array as Python values, labels by name: column by column, which is several times as fast as `to_pylist` on records."""
    if isinstance(kind, Label):
        return [kind.names[n] for n in array.to_numpy().tolist()]
    if isinstance(kind, Struct):
        parts = [plain(inner, part) for inner, part in zip(kind.fields.values(), array.flatten(), strict=True)]
        if kind is SPAN:  # most records are spans: a dict display is several times as fast as a call
            return [{"start": a, "end": b, "text": words} for a, b, words in zip(*parts, strict=True)]
        names = tuple(kind.fields)
        return [dict(zip(names, values)) for values in zip(*parts)]  # noqa: B905 (equal by construction; this is the inner loop)
    if isinstance(kind, List):
        offsets = array.offsets.to_numpy().tolist()
        inside = plain(kind.of, array.flatten())
        first = offsets[0]
        return [inside[a - first : b - first] for a, b in pairwise(offsets)]
    found: list[Any] = array.to_numpy(zero_copy_only=False).tolist()
    return found


def _file(folder: Path, config: Config, split: str) -> Path:
    file = folder / "data" / config.name / f"{split}.parquet"
    if not file.exists():
        raise DatasetError(f"{file} is missing; `make dataset` builds it again")
    return file


def _checked(folder: Path, config: Config, split: str) -> list[Row]:
    """The rows, whose digest is that of the manifest."""
    file = _file(folder, config, split)
    try:
        found = list(rows(file, config))
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{file} cannot be read: {error}; `make dataset` builds it again") from None
    stated = manifest_of(folder)["configs"][config.name][split]["sha256"]
    if not _known(str(file), os.stat(file).st_mtime_ns, stated) and digest(found) != stated:
        raise DatasetError(
            f"{file} does not hold the rows that {folder / MANIFEST} states; `make dataset` builds it again"
        )
    return found


@cache
def _known(file: str, changed: int, stated: str) -> bool:
    """Whether a file's bytes are those that were written, which is quicker than digesting rows."""
    import hashlib

    folder = Path(file).parents[2]
    manifest = manifest_of(folder)["configs"][Path(file).parent.name][Path(file).stem]
    return bool(
        hashlib.sha256(Path(file).read_bytes()).hexdigest() == manifest["parquet_sha256"]
        and manifest["sha256"] == stated
    )
