"""The rows of a shard: an id, a text, the columns that are kept, or what is wrong with them. Nothing larger than a batch is held."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any, NamedTuple

import fsspec

from allegedly.scale.inputs import Input, InputError, Shard, compression

LONGEST_LINE = 64 << 20  # bytes of a JSON line


class Row(NamedTuple):
    """One article as it was given."""

    id: str
    text: str
    kept: dict[str, Any]
    error: str | None = None


class Columns(NamedTuple):
    """Which columns are read; an empty `id` means `id` where there is one."""

    text: str = "text"
    id: str = ""
    keep: tuple[str, ...] = ()


def rows(shard: Shard, columns: Columns = Columns()) -> Iterator[Row]:  # noqa: B008
    """The rows of a shard, no more than its limit. OSError and InputError where the input has vanished or is broken."""
    found = {"parquet": _parquet, "jsonl": _jsonl, "text": _texts, "warc": _warc}[shard.input.kind](shard, columns)
    try:
        yield from found if shard.rows is None else islice(found, shard.rows)
    except Exception as error:  # a decompressor or a parser may raise anything
        if isinstance(error, InputError) or (isinstance(error, OSError) and error.errno is not None):
            raise
        raise InputError(f"{shard.input.url}: cannot be read: {type(error).__name__}: {error}"[:500]) from error


def kept_schema(inputs: Sequence[Input], columns: Columns) -> Any:
    """The Arrow fields of the kept columns. InputError where a Parquet file lacks one, or two of them differ."""
    import pyarrow as pa

    fields: dict[str, Any] = {}
    for one in inputs:
        if one.kind == "parquet":
            have = _schema(one)
            for name in (columns.text, *columns.keep, *([columns.id] if columns.id else [])):
                if name not in have.names:
                    raise InputError(f"{one.url}: expected a column {name}; it has {', '.join(have.names)}")
        for name in columns.keep:
            kind = have.field(name).type if one.kind == "parquet" else pa.string()
            if fields.setdefault(name, kind) != kind:
                raise InputError(f"{one.url}: column {name} is {kind}, in another input {fields[name]}")
    return pa.schema(list(fields.items()))


def _schema(one: Input) -> Any:
    import pyarrow.parquet as pq

    with fsspec.open(one.url, "rb") as file:
        return pq.read_schema(file)


def _parquet(shard: Shard, columns: Columns) -> Iterator[Row]:
    import pyarrow.parquet as pq

    with fsspec.open(shard.input.url, "rb") as raw:
        file = pq.ParquetFile(raw)
        key = columns.id or ("id" if "id" in file.schema_arrow.names else "")
        names = list(dict.fromkeys([columns.text, *columns.keep, *([key] if key else [])]))
        groups: list[int] = []
        first = begin = 0
        for group in range(file.metadata.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            if begin + size > shard.start and begin < shard.stop:
                first = begin if not groups else first
                groups.append(group)
            begin += size
        number = first
        for batch in file.iter_batches(64, row_groups=groups, columns=names) if groups else ():
            if number + len(batch) <= shard.start:
                number += len(batch)
                continue
            for values in batch.to_pylist():
                if shard.start <= number < shard.stop:
                    fallback = f"{shard.input.name}:{number}"
                    name = str(values[key]) if key and values[key] is not None else fallback
                    yield _row(name, values[columns.text], {k: values[k] for k in columns.keep})
                number += 1


def _row(name: str, text: Any, kept: dict[str, Any]) -> Row:
    if isinstance(text, str):
        return Row(name, text, kept)
    return Row(name, "", kept, f"InputError: expected a text, got {type(text).__name__}")


def _jsonl(shard: Shard, columns: Columns) -> Iterator[Row]:
    key = columns.id or "id"
    with _lines(shard.input.url) as file:
        at = shard.start
        if at:  # the line that runs across the edge belongs to the shard before
            file.seek(at - 1)
            at += len(file.readline()) - 1
        while shard.stop < 0 or at < shard.stop:
            line = file.readline(LONGEST_LINE)
            if not line:
                return
            here, at = at, at + len(line)
            rest = line if len(line) >= LONGEST_LINE else b""
            while rest and not rest.endswith(b"\n"):  # what is left of a line that is too long
                rest = file.readline(LONGEST_LINE)
                at += len(rest)
            if line.strip():
                yield _line(line, f"{shard.input.name}@{here}", key, columns)


@contextmanager
def _lines(url: str) -> Iterator[IO[bytes]]:
    """A file to read lines from, buffered here: the files of some file systems read lines of any length only."""
    if compression(url) != "zstd":
        with fsspec.open(url, "rb", compression=compression(url)) as file:
            yield io.BufferedReader(file if hasattr(file, "readinto") else _Raw(file), 1 << 20)
        return
    try:
        import zstandard
    except ImportError:
        raise InputError(f"{url}: .zst files need the extra scale: pip install 'allegedly[scale]'") from None
    with fsspec.open(url, "rb") as file:
        yield io.BufferedReader(_Frames(file, zstandard.ZstdDecompressor(max_window_size=2**31)), 1 << 20)


class _Raw(io.RawIOBase):
    """A file that knows `read` alone, as those of hdfs do, for a buffer to read from."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._file.seek(offset, whence)
        return self.tell()

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Frames(io.RawIOBase):
    """A .zst file unpacked. fsspec reads its first frame only, and parallel writers make many; zstandard's own reader takes a file that is
    cut off for a whole one.
    """

    def __init__(self, file: Any, zstd: Any) -> None:
        self._file, self._zstd, self._frame = file, zstd, zstd.decompressobj()
        self._begun = False  # inside a frame
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            rest = b""
            if self._frame.eof:
                rest, self._frame, self._begun = self._frame.unused_data, self._zstd.decompressobj(), False
            packed = rest or self._file.read(1 << 16)
            if not packed:
                if self._begun:
                    raise EOFError("the file ends inside a frame")
                return 0
            self._begun = True
            self._ready = memoryview(self._frame.decompress(packed))
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size


def _line(line: bytes, fallback: str, key: str, columns: Columns) -> Row:
    nothing = dict.fromkeys(columns.keep)
    if len(line) >= LONGEST_LINE:
        return Row(fallback, "", nothing, f"InputError: a line of more than {LONGEST_LINE >> 20} MiB")
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Row(fallback, "", nothing, f"InputError: expected a JSON object: {error}"[:300])
    if not isinstance(values, dict):
        return Row(fallback, "", nothing, f"InputError: expected a JSON object, got {type(values).__name__}")
    kept = {k: _string(values.get(k)) for k in columns.keep}
    name = values.get(key)
    if columns.text not in values:
        return Row(fallback if name is None else str(name), "", kept, f"InputError: expected a field {columns.text}")
    return _row(fallback if name is None else str(name), values[columns.text], kept)


def _string(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _texts(shard: Shard, columns: Columns) -> Iterator[Row]:
    for url in shard.input.files[shard.start : shard.stop]:
        kept = {k: url if k == "file" else None for k in columns.keep}
        name = url.rsplit("/", 1)[-1][: -len(".txt")]
        with fsspec.open(url, "rb") as file:
            data = file.read()
        try:
            yield Row(name, data.decode("utf-8"), kept)
        except UnicodeDecodeError as error:
            yield Row(name, "", kept, f"InputError: expected UTF-8: {error}")


def _warc(shard: Shard, columns: Columns) -> Iterator[Row]:
    """The pages of a WARC file, the article's text alone; what is no page, or has no text, is left out or an error."""
    try:
        from trafilatura import extract
        from warcio.archiveiterator import ArchiveIterator
    except ImportError:
        raise InputError(f"{shard.input.url}: WARC files need the extra web: pip install 'allegedly[web]'") from None
    url = shard.input.url
    with fsspec.open(
        url, "rb", compression=compression(url)
    ) as file:  # warcio would take a file that is cut off for a whole one
        for record in ArchiveIterator(file):
            wanted = record.rec_type == "response" and _is_page(record)
            body = record.raw_stream  # read first, so that what is wrong with the file is not taken for the page's
            data = [some for some in iter(lambda: body.read(1 << 20), b"") if wanted]  # noqa: B023
            if getattr(body, "limit", 0) > 0:
                raise EOFError("the file ends inside a record")
            if not wanted:
                continue
            record.raw_stream = io.BytesIO(b"".join(data))
            about = record.rec_headers
            name = (about.get_header("WARC-Record-ID") or f"{shard.input.name}@{record.offset}").strip("<>")
            known = {"url": about.get_header("WARC-Target-URI"), "date": about.get_header("WARC-Date")}
            kept = {k: known.get(k) for k in columns.keep}
            try:
                text = extract(record.content_stream().read(), include_comments=False, include_tables=False)
            except Exception as error:  # a page may be anything, and its parser may raise anything
                yield Row(name, "", kept, f"InputError: {type(error).__name__}: {error}"[:300])
                continue
            yield Row(name, text or "", kept, None if text else "NoText: the page has no article")


def _is_page(record: Any) -> bool:
    kind = record.http_headers.get_header("Content-Type", "") if record.http_headers else ""
    return "html" in kind and record.http_headers.get_statuscode() == "200"
