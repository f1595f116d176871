"""Reading and writing a corpus folder: canonical bytes, atomic writes, errors that name file and line.

A corpus folder holds `corpus/` (articles, texts, stories) and `annotations/` (gold, layers, external). Nothing is judged
here beyond what is needed to read a record: see `validate`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import jsonlines
from pydantic import ValidationError

from allegedly.schema import (
    AllegedlyError,
    Article,
    ArticleRecord,
    Attribution,
    CorpusRecord,
    ExternalRecord,
    Pair,
    Record,
    Story,
)

R = TypeVar("R", bound=Record)


class RecordError(AllegedlyError, ValueError):
    """A line that cannot be read as the record it should be."""

    def __init__(self, message: str, path: str, line: int | None = None) -> None:
        self.message, self.path, self.line = message, path, line
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class UnknownIdError(AllegedlyError, KeyError):
    """An id that the corpus does not have."""

    def __init__(self, what: str, wanted: str, choices: Iterable[str]) -> None:
        import difflib

        known = sorted(choices)
        near = difflib.get_close_matches(wanted, known, n=5, cutoff=0.4) or known[:8]
        more = "" if len(near) == len(known) else f" (of {len(known)})"
        self.message = f"no {what} {wanted!r}; there is {', '.join(near) or 'none at all'}{more}"
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


class MissingTextError(AllegedlyError, FileNotFoundError):
    """An article whose text is not here."""


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes, as hex."""
    return hashlib.sha256(data).hexdigest()


def dump_line(data: Any) -> str:
    """The canonical JSON of one record: sorted keys, no spaces, UTF-8 as it is, no line end."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def plain(record: Record) -> dict[str, Any]:
    """A record as JSON-ready data."""
    return record.plain() if isinstance(record, Attribution) else record.model_dump(mode="json")


def dump_records(records: Iterable[Record | dict[str, Any]]) -> bytes:
    """Canonical JSON Lines."""
    buffer = io.StringIO()
    with jsonlines.Writer(buffer, dumps=dump_line) as writer:
        writer.write_all(plain(r) if isinstance(r, Record) else r for r in records)
    return buffer.getvalue().encode("utf-8")


def write_atomic(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Replace a file's content in one step: an interrupted write leaves the old file whole. The umask narrows `mode`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(data)
            temporary.flush()
            os.fsync(temporary.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, mode & ~mask)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def write_records(path: Path, records: Iterable[Record | dict[str, Any]]) -> None:
    """Write canonical JSON Lines atomically."""
    write_atomic(path, dump_records(records))


def read_text(path: Path, name: str | None = None) -> str:
    """Read UTF-8 exactly as it stands (no newline translation). RecordError says what is wrong with the bytes."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingTextError(f"{name or path}: no such file") from None
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}", name or str(path)) from None
    return decode(data, name or str(path))


def decode(data: bytes, name: str) -> str:
    """Decode UTF-8; a RecordError names the encoding that the bytes look like."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise RecordError("expected UTF-8, this looks like UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)", name)
    if b"\0" in data[:65536]:
        raise RecordError("expected UTF-8 text, this is a binary file", name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RecordError(
            f"expected UTF-8, byte {error.start} (0x{data[error.start]:02x}) is not", name, line
        ) from None


def read_objects(path: Path, name: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a JSON Lines file with their line numbers, from 1."""
    yield from parse_objects(read_text(path, name), name or str(path))


def parse_objects(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of JSON Lines text with their line numbers, from 1. Blank lines are skipped."""
    reader = jsonlines.Reader(io.StringIO(text.removeprefix("\ufeff"), newline="\n"), loads=_loads)
    try:
        yield from _numbered(reader)
    except jsonlines.InvalidLineError as error:
        detail = str(error.__cause__ or error).split(" (line")[0]
        raise RecordError(
            f"expected one JSON object a line, got {_clip(error.line)}: {detail}", name, error.lineno
        ) from None


def _loads(line: str | bytes) -> Any:
    return json.loads(line, parse_constant=_refuse_constant, object_pairs_hook=_unique)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return data


def _numbered(reader: jsonlines.Reader) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    while True:
        try:
            line: Any = reader.read(type=dict, skip_empty=False)
        except EOFError:
            return
        except jsonlines.InvalidLineError as error:
            number = error.lineno
            if not error.line.strip():
                continue
            raise
        number += 1
        yield number, line


def _clip(line: str | bytes, width: int = 60) -> str:
    text = (line if isinstance(line, str) else line.decode("utf-8", "replace")).strip("\n")
    return repr(text if len(text) <= width else text[: width - 1] + "…")


def parse(model: type[R], data: dict[str, Any], name: str, line: int | None = None) -> R:
    """Build a record from JSON data; a RecordError names each field at fault and what was expected."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = []
        for fault in error.errors(include_url=False):
            field = ".".join(map(str, fault["loc"])) or "record"
            got = "" if fault["type"] == "missing" else f", got {_clip(json.dumps(fault['input'], default=str))}"
            faults.append(f"{field}: {fault['msg'][0].lower()}{fault['msg'][1:]}{got}")
        raise RecordError(f"not a valid {model.__name__}: {'; '.join(faults)}", name, line) from None


def read_records(path: Path, model: type[R], name: str | None = None) -> list[R]:
    """Every record of a JSON Lines file. RecordError at the first line that is not one."""
    shown = name or str(path)
    return [parse(model, data, shown, line) for line, data in read_objects(path, shown)]


class Corpus:
    """A corpus folder. Reads lazily; holds no state but what the files say."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        if not (self.root / "corpus" / "articles.jsonl").exists():
            raise MissingTextError(
                f"{self.root}: expected a corpus folder, with corpus/articles.jsonl in it; name one with --corpus"
            )

    def path(self, *parts: str) -> Path:
        """A path below the corpus folder."""
        return self.root.joinpath(*parts)

    def text_path(self, record: ArticleRecord) -> Path:
        """Where an article's text lies: external ones in the ignored folder `corpus/local`."""
        folder = "local" if isinstance(record, ExternalRecord) else "texts"
        return self.path("corpus", folder, f"{record.id}.txt")

    def gold_path(self, record: ArticleRecord) -> Path:
        """Where an article's gold layer lies."""
        folder = "external" if isinstance(record, ExternalRecord) else "gold"
        return self.path("annotations", folder, f"{record.id}.jsonl")

    @cached_property
    def info(self) -> CorpusRecord:
        """Name, version and licence of the corpus."""
        path = self.path("corpus", "corpus.json")
        try:
            data = json.loads(read_text(path))
        except json.JSONDecodeError as error:
            raise RecordError(f"expected one JSON object: {error.msg}", str(path), error.lineno) from None
        return parse(CorpusRecord, data, str(path))

    @cached_property
    def records(self) -> dict[str, ArticleRecord]:
        """The article records of the corpus proper, by id."""
        return _index(self.path("corpus", "articles.jsonl"), ArticleRecord)

    @cached_property
    def external(self) -> dict[str, ExternalRecord]:
        """The records of articles whose text is not shipped, by id."""
        path = self.path("corpus", "external.jsonl")
        return _index(path, ExternalRecord) if path.exists() else {}

    @cached_property
    def stories(self) -> dict[str, Story]:
        """The stories, by id."""
        path = self.path("corpus", "stories.jsonl")
        return _index(path, Story) if path.exists() else {}

    @cached_property
    def pairs(self) -> dict[str, list[Pair]]:
        """The pairs of `disputes`, by the article of the right-hand attribution."""
        path = self.path("corpus", "pairs.jsonl")
        found: dict[str, list[Pair]] = {}
        for pair in read_records(path, Pair) if path.exists() else ():
            found.setdefault(pair.right.split("/")[0], []).append(pair)
        return found

    def record(self, article: str) -> ArticleRecord:
        """An article's record, external or not. UnknownIdError lists near ids."""
        found = self.records.get(article) or self.external.get(article)
        if found is None:
            raise UnknownIdError("article", article, [*self.records, *self.external])
        return found

    def text(self, article: str) -> str:
        """An article's text. MissingTextError says how an external one is attached."""
        record = self.record(article)
        path = self.text_path(record)
        if not path.exists() and isinstance(record, ExternalRecord):
            raise MissingTextError(
                f"the text of {article} is not ours to ship. Get it ({record.where}), then: allegedly attach {article} FILE"
            )
        text = read_text(path)
        if (found := sha256(text.encode())) != record.sha256:
            raise RecordError(f"expected sha256 {record.sha256[:12]}…, the text has {found[:12]}…", str(path))
        return text

    def article(self, article: str, *, layer: str | None = None) -> Article:
        """An article with its gold layer (none: no attributions) or another layer."""
        record, text = self.record(article), self.text(article)
        path = self.path("annotations", "layers", layer, f"{article}.jsonl") if layer else self.gold_path(record)
        attributions: list[Attribution] = read_records(path, Attribution) if path.exists() else []
        if isinstance(record, ExternalRecord):
            attributions = [surface(a, text) for a in attributions]
        return Article(record, text, tuple(attributions), tuple(self.pairs.get(article, ())))

    def articles(self, split: str | None = None) -> list[Article]:
        """The articles of one split (None: all of the corpus proper), in the order of the file.

        `external` gives those external articles whose text is attached.
        """
        if split == "external":
            return [self.article(r.id) for r in self.external.values() if self.text_path(r).exists()]
        return [self.article(r.id) for r in self.records.values() if split is None or r.split == split]

    def annotated(self, split: str | None = None) -> list[Article]:
        """The articles of a split that have a gold layer: one without is not annotated, which is not the same as empty."""
        return [a for a in self.articles(split) if self.gold_path(a.record).exists()]

    @cached_property
    def fingerprint(self) -> str:
        """Six hex digits over the records, texts and gold of the corpus proper; external texts never change it."""
        digest = hashlib.sha256()
        for record in sorted(self.records.values(), key=lambda r: r.id):
            digest.update(dump_line(plain(record)).encode())
            gold = self.gold_path(record)
            digest.update(gold.read_bytes() if gold.exists() else b"-")
        for name in ("stories.jsonl", "pairs.jsonl"):
            path = self.path("corpus", name)
            digest.update(path.read_bytes() if path.exists() else b"-")
        return digest.hexdigest()[:6]

    @property
    def label(self) -> str:
        """Version and fingerprint as they stand in signatures; another corpus than ours is named too."""
        name = "" if self.info.name == "allegedly" else f"{self.info.name}-"
        return f"{name}{self.info.version}+{self.fingerprint}"

    def label_of(self, split: str) -> str:
        """What stands for the corpus in the signatures of a split."""
        return self.external_label if split == "external" else self.label

    @property
    def external_label(self) -> str:
        """What stands in signatures of split external: the corpus, and the external texts and layers in use."""
        digest = hashlib.sha256()
        for article in self.articles("external"):
            gold = self.gold_path(article.record)
            digest.update(article.text.encode() + (gold.read_bytes() if gold.exists() else b"-"))
        return f"{self.label}+external-{digest.hexdigest()[:6]}"


def surface(attribution: Attribution, text: str) -> Attribution:
    """The same attribution with the surface of every span taken from the text."""
    return attribution.map_spans(lambda s: s.model_copy(update={"text": text[s.start : s.end]}))


def bare(attribution: Attribution) -> Attribution:
    """The same attribution without surfaces, as it stands in layers of texts that are not ours."""
    return attribution.map_spans(lambda s: s.model_copy(update={"text": None}))


def write_gold(
    corpus: Corpus, record: ArticleRecord, attributions: Iterable[Attribution], log: Iterable[dict[str, Any]]
) -> str:
    """Write an article's gold layer and its lines of the adjudication log; a sentence says what was written."""
    external = isinstance(record, ExternalRecord)
    gold = [bare(a) if external else a for a in attributions]
    where = ("drafts", "external") if external else ()  # the log quotes the text, and one that is not ours stays local
    path = corpus.path("annotations", *where, "adjudication.jsonl")
    new = list(log)
    old = [line for _, line in read_objects(path)] if path.exists() else []
    whole = sorted([line for line in old if line["article"] != record.id] + new, key=lambda line: str(line["article"]))
    write_records(path, whole)  # the log first: cut off between the two, the same decisions write the rest
    write_records(corpus.gold_path(record), gold)
    return f"{record.id}: {len(gold)} attributions, {len(new)} decisions"


def _index(path: Path, model: type[R]) -> dict[str, Any]:
    index: dict[str, Any] = {}
    for line, data in read_objects(path):
        record: Any = parse(model, data, str(path), line)
        if record.id in index:
            raise RecordError(f"id {record.id!r} stands twice", str(path), line)
        index[record.id] = record
    return index


def embedded_root() -> Path:
    """Where an installed package carries the corpus."""
    return Path(__file__).resolve().parent / "embedded"


def default_root() -> Path:
    """The corpus folder used where none is named: the one around the working folder, else the embedded one."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "corpus" / "articles.jsonl").exists() and (folder / "corpus" / "corpus.json").exists():
            return folder
    for folder in (Path(__file__).resolve().parents[2], embedded_root()):
        if (folder / "corpus" / "articles.jsonl").exists():
            return folder
    raise MissingTextError("no corpus found: name a corpus folder with --corpus")


def open_corpus(root: Path | str | None = None) -> Corpus:
    """Open a corpus folder; None opens the one around the working folder, else the embedded one."""
    return Corpus(root if root is not None else default_root())
