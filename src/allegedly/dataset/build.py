"""Building the dataset directory: parquet by config and split, card, manifest, Croissant description.

What is built depends on the corpus alone: the same corpus gives the same content digests on every machine and under every hash seed. Parquet
bytes may differ between versions of pyarrow; digests are of the rows.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from allegedly import __version__
from allegedly.dataset.configs import CONFIGS, Config
from allegedly.dataset.features import encode, schema
from allegedly.dataset.rows import Row
from allegedly.schema import AllegedlyError
from allegedly.store import Corpus, dump_line, write_atomic

SPLITS = ("train", "validation", "test")
MANIFEST = "MANIFEST.json"


class DatasetError(AllegedlyError, ValueError):
    """A dataset directory that is incomplete, tampered with, or cannot be built."""


def shape() -> str:
    """A digest of every config's columns: a dataset of another shape is built again."""
    columns = {c.name: {name: kind.hub() for name, kind in c.columns.items()} for c in CONFIGS.values()}
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:16]


def digest(rows: Iterable[Row]) -> str:
    """The sha256 of rows as canonical JSON Lines: what a config and split hold, whatever the file format."""
    found = hashlib.sha256()
    for row in rows:
        found.update(dump_line(row).encode() + b"\n")
    return found.hexdigest()


def build(corpus: Corpus, out: Path, said: Callable[[str], None] = lambda step: None) -> dict[str, Any]:
    """Write the dataset of a corpus into a folder, replacing what is there in one step; returns the manifest.

    A config has no file for a split without rows, as `disputes` where no pairs are made. DatasetError where a split has no annotated article.
    """
    from allegedly.dataset.card import card
    from allegedly.dataset.croissant import croissant

    articles = {split: corpus.annotated(split) for split in SPLITS}
    if empty := [split for split, found in articles.items() if not found]:
        raise DatasetError(f"{corpus.root}: no annotated article in {', '.join(empty)}: a dataset has all three splits")
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=out.parent, prefix=".dataset-"))
    try:
        configs: dict[str, dict[str, Any]] = {}
        for config in CONFIGS.values():
            said(config.name)
            for split in SPLITS:
                rows = list(config.of(articles[split]))
                if not rows:  # newer versions of `datasets` cannot read an empty file
                    continue
                path = part / "data" / config.name / f"{split}.parquet"
                write_parquet(config, rows, path)
                configs.setdefault(config.name, {})[split] = {
                    "rows": len(rows),
                    "sha256": digest(rows),
                    "bytes": path.stat().st_size,
                    "parquet_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                }
        manifest = {
            "name": corpus.info.name,
            "version": corpus.info.version,
            "corpus": corpus.label,
            "allegedly": __version__,
            "released": _released(corpus),
            "shape": shape(),
            "configs": configs,
        }
        write_atomic(part / MANIFEST, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
        write_atomic(part / "README.md", card(corpus, manifest).encode())
        write_atomic(
            part / "croissant.json", (json.dumps(croissant(manifest), indent=1, ensure_ascii=False) + "\n").encode()
        )
        for name, target in (("LICENSE-DATA", "LICENSE"), ("CITATION.cff", "CITATION.cff")):
            if (source := corpus.path(name)).exists():
                shutil.copyfile(source, part / target)
        _swap(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return manifest


def _released(corpus: Corpus) -> str | None:
    """The date of the version, from CITATION.cff."""
    path = corpus.path("CITATION.cff")
    found = re.search(r"^date-released: *(\S+)", path.read_text("utf-8"), re.MULTILINE) if path.exists() else None
    return found[1] if found else None


def _swap(part: Path, out: Path) -> None:
    """Put a finished folder in the place of another, which stays until then."""
    part.chmod(0o755)
    if out.exists():
        old = Path(tempfile.mkdtemp(dir=out.parent, prefix=".dataset-old-"))
        out.replace(old / "dataset")
        part.replace(out)
        shutil.rmtree(old, ignore_errors=True)
    else:
        part.replace(out)


def write_parquet(config: Config, rows: list[Row], path: Path) -> None:
    """Rows as a parquet file whose metadata carries the features."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    shape = schema(config.columns)
    data = [pa.array([encode(kind, r[name]) for r in rows], kind.arrow()) for name, kind in config.columns.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays(data, schema=shape), path, compression="zstd")


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a built dataset. DatasetError where there is none that can be read."""
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{folder} is no built dataset: {MANIFEST}: {error}; `make dataset` builds one") from None
    return found
