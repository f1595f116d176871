"""What there is to annotate: files of each kind, found by path or pattern on any file system of fsspec, cut into shards."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import fsspec

from allegedly.schema import AllegedlyError

ROWS = 2000  # articles of a shard, at most
ARTICLE = 4096  # bytes of an article, as guessed where nobody counted

#: Suffix → kind of input.
KINDS = {
    ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonl.gz": "jsonl", ".jsonl.zst": "jsonl", ".ndjson.gz": "jsonl",
    ".ndjson.zst": "jsonl", ".txt": "text", ".warc": "warc", ".warc.gz": "warc",
}  # fmt: skip


class InputError(AllegedlyError):
    """An input that is not there, or not of a kind that can be read."""


@dataclass(frozen=True)
class Input:
    """One file, or a folder's text files together."""

    url: str
    kind: str
    size: int  # bytes
    files: tuple[str, ...] = ()  # of a folder of texts
    name: str = (
        ""  # its path below what all inputs have in common, without the suffix: ids are made of it where rows have none
    )


@dataclass(frozen=True)
class Shard:
    """A part of an input that is annotated in one go, into one file of the output."""

    number: int
    input: Input
    start: int  # rows of Parquet, bytes of plain JSON Lines, files of a folder; else 0
    stop: int  # likewise; -1: to the end
    rows: int | None  # articles, where that is known beforehand
    weight: int  # bytes, or a guess

    @property
    def part(self) -> str:
        """The output file's name."""
        return f"part-{self.number:06}.parquet"

    def limited(self, rows: int) -> Shard:
        """Its first articles only."""
        return replace(self, rows=rows, weight=max(1, self.weight * rows // max(1, self.rows or rows)))


def find(given: Sequence[str], output: str = "") -> list[Input]:
    """The inputs that paths, folders and patterns name, each once, in a fixed order; none in the folder `output`, an address.

    InputError where there is nothing.
    """
    found: list[Input] = []
    seen: set[str] = set()  # of the texts
    for one in given:
        fs, path = fsspec.core.url_to_fs(one)
        if any(c in path for c in "*?[") and not fs.exists(path):
            paths = sorted(fs.glob(path))
        elif fs.isdir(path):
            paths = sorted(p["name"] for p in fs.ls(path, detail=True) if p["type"] == "file")
        else:
            paths = [path] if fs.exists(path) else []
        known = [p for p in paths if _kind(p) and not fs.unstrip_protocol(p).startswith(f"{output}/")]
        if not known:
            why = f"it has {len(paths)} files of other kinds, or of the output" if paths else "nothing is there"
            raise InputError(f"{one}: expected {', '.join(KINDS)}; {why}")
        found += [Input(fs.unstrip_protocol(p), _kind(p), int(fs.size(p) or 0)) for p in known if _kind(p) != "text"]
        texts = [p for p in known if _kind(p) == "text" and fs.unstrip_protocol(p) not in seen]
        if texts:
            urls = tuple(fs.unstrip_protocol(p) for p in texts)
            seen.update(urls)
            found.append(Input(fs.unstrip_protocol(path), "text", sum(int(fs.size(p) or 0) for p in texts), urls))
    unique = {i.url: i for i in found}
    return [replace(i, name=name) for i, name in zip(unique.values(), _names(list(unique)), strict=True)]


def _names(urls: list[str]) -> list[str]:
    folders = {u.rstrip("/").rpartition("/")[0] for u in urls}
    common = "/".join(os.path.commonprefix([f.split("/") for f in folders])) + "/"  # noqa: RUF071 (of lists, not of strings)
    whole = [u.removeprefix(common) for u in urls]
    short = [w[: -len(_suffix(w)) or None] for w in whole]
    often = Counter(short)
    return [w if often[s] > 1 else s for w, s in zip(whole, short, strict=True)]


def _suffix(path: str) -> str:
    return next((suffix for suffix in KINDS if path.lower().endswith(suffix)), "")


def _kind(path: str) -> str:
    return KINDS.get(_suffix(path), "")


def cut(inputs: Sequence[Input], rows: int = ROWS, limit: int | None = None) -> list[Shard]:
    """Shards of all inputs. Parquet is cut at row groups where they are small enough, plain JSON Lines at bytes; compressed files stay whole."""
    shards: list[Shard] = []
    left = limit
    for one in inputs:
        for start, stop, known, weight in _pieces(one, rows):
            if left is not None and left <= 0:
                return shards
            shard = Shard(len(shards), one, start, stop, known, weight)
            if left is not None:
                count = known if known is not None else counted(shard, left)
                shard = shard.limited(min(count, left)) if known is None or count > left else shard
                left -= min(count, left)
            shards.append(shard)
    return shards


def _pieces(one: Input, rows: int) -> Iterator[tuple[int, int, int | None, int]]:
    if one.kind == "parquet":
        yield from _parquet(one, rows)
    elif one.kind == "text":
        for start in range(0, len(one.files), rows):
            stop = min(start + rows, len(one.files))
            yield start, stop, stop - start, max(1, one.size * (stop - start) // len(one.files))
    elif one.kind == "jsonl" and not compression(one.url):
        step = rows * ARTICLE
        for start in range(0, max(one.size, 1), step):
            yield start, min(start + step, one.size), None, max(1, min(step, one.size - start))
    else:
        yield 0, -1, None, max(1, one.size)


def _parquet(one: Input, rows: int) -> Iterator[tuple[int, int, int | None, int]]:
    """Row ranges: whole row groups together while they fit, and a group that is too large cut inside."""
    meta = parquet_metadata(one.url)
    edges = [0]
    for group in range(meta.num_row_groups):
        size = meta.row_group(group).num_rows
        begin = edges[-1]
        edges += [begin + at for at in range(rows, size, rows)]
        edges.append(begin + size)
    each = max(1, one.size // max(1, edges[-1]))
    start = 0
    for before, here in pairwise(edges):
        if here - start > rows and before > start:
            yield start, before, before - start, (before - start) * each
            start = before
    yield start, edges[-1], edges[-1] - start, max(1, (edges[-1] - start) * each)


def parquet_metadata(url: str) -> Any:
    """The footer of a Parquet file. InputError where it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with fsspec.open(url, "rb") as file:
            return pq.read_metadata(file)
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, FileNotFoundError) or getattr(error, "errno", None) is not None:
            raise
        raise InputError(f"{url}: expected a Parquet file: {error}") from None


def compression(url: str) -> str | None:
    """How a file is compressed, as fsspec calls it."""
    return {".gz": "gzip", ".zst": "zstd"}.get(os.path.splitext(url.lower())[1])


def counted(shard: Shard, most: int) -> int:
    """How many articles a shard has, counting no further than `most`."""
    from allegedly.scale.readers import rows

    return sum(1 for _, _ in zip(range(most), rows(shard), strict=False))
