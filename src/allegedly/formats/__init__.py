"""Bridges between corpus folders and other formats, one file a format.

A reader takes a path and gives an `Imported`; `write_corpus` makes a corpus folder of it. Every line of the input is
imported or reported with its reason.
"""

from __future__ import annotations

import importlib
import json
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

from allegedly.schema import (
    CANARY,
    AllegedlyError,
    Article,
    ArticleRecord,
    Attribution,
    Claim,
    CorpusRecord,
    Cue,
    Source,
    Span,
    Spans,
)
from allegedly.store import (
    UnknownIdError,
    dump_line,
    parse,
    plain,
    read_text,
    sha256,
    write_atomic,
    write_records,
)

#: Each reader: a module of this package with `read(path) -> Imported`. Its docstring is its page in docs/formats.md.
READERS: dict[str, str] = {
    name: f"allegedly.formats.{name.replace('-', '_')}"
    for name in (
        "brat",
        "citron",
        "conll",
        "german-wikinews",
        "gum",
        "label-studio",
        "newsclaims",
        "parc3",
        "polnear",
        "xmi",
    )
}
#: Each writer: a module with `write(articles, folder) -> list[Skipped]`, which names what the format cannot hold.
WRITERS: dict[str, str] = {
    name: READERS.get(name, f"allegedly.formats.{name}") for name in ("brat", "citron", "conll", "docbin", "xmi")
}


#: What one odd record can make a reader raise; see `Imported.reporting`.
ODD = (AllegedlyError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


#: Where an import is written until it is whole; in the new folder itself, which may be a volume of its own.
UNFINISHED = ".import"


class ImportFailedError(AllegedlyError, ValueError):
    """An input that is not in the format it should be in."""


class Skipped(NamedTuple):
    """A line of the input that became no record, and why."""

    path: str
    line: int
    reason: str
    detail: str


@dataclass
class Imported:
    """What a reader made of its input."""

    info: CorpusRecord
    articles: list[ArticleRecord] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    gold: dict[str, list[Attribution]] = field(default_factory=dict)
    layers: dict[tuple[str, str], list[Attribution]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    lines: int = 0
    used: int = 0

    def skip(self, path: Path | str, line: int, reason: str, detail: object = "") -> None:
        """Report something that became no record; long details are cut, and half a surrogate pair is spelt out, as UTF-8 cannot hold it."""
        shown = [s.encode("utf-8", "backslashreplace").decode() for s in (str(path), str(detail)[:80])]
        self.skipped.append(Skipped(shown[0], line, reason, shown[1]))

    @contextmanager
    def reporting(self, path: Path | str, line: int = 0, reason: str = "unreadable") -> Iterator[None]:
        """Report what one file or record raises, whatever is odd about it: it costs itself alone."""
        try:
            yield
        except ODD as error:
            line = line or getattr(error, "lineno", 0) or getattr(error, "line", 0) or 0
            self.skip(path, line, reason, " ".join(str(error).split()).removeprefix("1 validation error for "))

    def add(self, name: str, text: str, attributions: Iterable[Attribution] | None, **fields: Any) -> str:
        """Add an article; `fields` are those of its record. Its id is made of `name`; gives the id. None: not annotated."""
        article = unused(identifier(name), {a.id for a in self.articles})
        known = {
            "publisher": "unknown", "published": "0000-00-00", "story": article, "form": "unknown", "domain": "unknown",
            "variety": "en", "license": self.info.license, "split": "train", "sha256": sha256(text.encode()), "canary": CANARY,
        }  # fmt: skip
        self.articles.append(parse(ArticleRecord, {"id": article, **known, **fields}, name))
        self.texts[article] = text
        if attributions is not None:
            self.gold[article] = sorted(attributions, key=lambda a: (a.claim.spans[0].start, -a.claim.spans[-1].end))
        return article

    @property
    def counts(self) -> dict[str, int]:
        """Lines read, imported, and skipped by reason; articles, records and layers made."""
        reasons = Counter(s.reason for s in self.skipped)
        return {
            "articles": len(self.articles),
            "attributions": sum(map(len, self.gold.values())),
            "attributions in further layers": sum(map(len, self.layers.values())),
            "lines": self.lines,
            "lines imported": self.used,
            **{f"lines skipped: {reason}": n for reason, n in sorted(reasons.items())},
        }


def identifier(name: str) -> str:
    """An article id made of any name: letters without their marks, what else it holds as dashes. What is an id stays as it is."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,75}", name):
        return name
    ascii_ = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", ascii_).strip("-._")[:70] or "article"


def unused(name: str, taken: Container[str]) -> str:
    """The name, with a number after it where it is taken."""
    return next(n for n in chain([name], (f"{name}-{i}" for i in count(2))) if n not in taken)


def span(text: str, start: int, end: int) -> Span | None:
    """The span without white space at its edges; None where it is not in the text."""
    surface = text[start:end] if 0 <= start < end <= len(text) else ""
    if not surface.strip():
        return None
    start += len(surface) - len(surface.lstrip())
    end -= len(surface) - len(surface.rstrip())
    return Span(start=start, end=end, text=text[start:end])


def spans(text: str, extents: Iterable[tuple[int, int]]) -> Spans | None:
    """Several spans in text order, touching or overlapping ones as one; None where one is not in the text."""
    made: list[Span] = []
    for start, end in sorted(extents):
        found = span(text, start, end)
        if found is None:
            return None
        if made and found.start <= made[-1].end:
            found = Span(
                start=made[-1].start,
                end=max(found.end, made[-1].end),
                text=text[made[-1].start : max(found.end, made[-1].end)],
            )
            made.pop()
        made.append(found)
    return tuple(made)


def plain_attribution(name: str, source: Spans, cue: Spans, claim: Spans, **fields: Any) -> Attribution:
    """An attribution of a corpus that has spans alone: the other fields are placeholders."""
    known: dict[str, Any] = {"stance": "none", "kind": "unspecified", "named": False} | fields
    made = Source(spans=source, kind=known.pop("kind"), named=known.pop("named"))
    return Attribution(id=name, source=made, cue=Cue(spans=cue), claim=Claim(spans=claim), **known)


def files(path: Path, *patterns: str) -> list[Path]:
    """The files of a folder and its subfolders, or the one file; ImportFailedError where there are none."""
    found = [path] if path.is_file() else sorted(f for p in patterns for f in path.rglob(p) if f.is_file())
    if not found:
        raise ImportFailedError(
            f"{path}: expected {' or '.join(patterns)} in it" if path.exists() else f"{path}: no such file or folder"
        )
    return found


def load(file: Path) -> Any:
    """The data of a JSON file, without its byte-order mark. Raises what `Imported.reporting` reports."""
    return json.loads(read_text(file).removeprefix("\ufeff"))


def writable(text: str) -> None:
    """UnicodeEncodeError where no text file can hold it: half a surrogate pair can stand in JSON. To be asked before what is in it is counted."""
    text.encode()


def split_of(path: Path) -> str:
    """The split that a folder of the path is named after; train where none is."""
    names = {"train": "train", "dev": "validation", "valid": "validation", "validation": "validation", "test": "test"}
    return next((names[part.lower()] for part in reversed(path.parts[:-1]) if part.lower() in names), "train")


def writer(name: str) -> Callable[[Sequence[Article], Path], list[Skipped]]:
    """The writer of a format. UnknownIdError lists the formats."""
    if name not in WRITERS:
        raise UnknownIdError("format", name, WRITERS)
    write: Callable[[Sequence[Article], Path], list[Skipped]] = importlib.import_module(WRITERS[name]).write
    return write


def reader(name: str) -> Callable[[Path], Imported]:
    """The reader of a format. UnknownIdError lists the formats."""
    if name not in READERS:
        raise UnknownIdError("format", name, READERS)
    read: Callable[[Path], Imported] = importlib.import_module(READERS[name]).read
    return read


def write_corpus(imported: Imported, out: Path) -> None:
    """Write a corpus folder, which is none before it is whole: what an interrupted import leaves, the next one clears away."""
    part = out / UNFINISHED
    shutil.rmtree(part, ignore_errors=True)
    if out.exists() and any(out.iterdir()):
        raise ImportFailedError(f"{out} is not empty: name a new folder")
    for article, text in imported.texts.items():
        write_atomic(part / "corpus" / "texts" / f"{article}.txt", text.encode())
    for article, attributions in imported.gold.items():
        write_records(part / "annotations" / "gold" / f"{article}.jsonl", attributions)
    for (annotator, article), attributions in imported.layers.items():
        write_records(part / "annotations" / "layers" / annotator / f"{article}.jsonl", attributions)
    report: list[dict[str, Any]] = [s._asdict() for s in imported.skipped]
    write_records(part / "import-report.jsonl", report)
    write_atomic(part / "corpus" / "corpus.json", (dump_line(plain(imported.info)) + "\n").encode())
    write_records(part / "corpus" / "articles.jsonl", imported.articles)
    for made in sorted(part.iterdir(), key=lambda path: path.name == "corpus"):  # last what makes it a corpus folder
        made.rename(out / made.name)
    part.rmdir()


def page() -> str:
    """docs/formats.md: each module's own words on its format."""
    lines = [
        "# Formats",
        "",
        "*Made of the modules of `allegedly.formats`; edit those, not this page.*",
        "",
        "`allegedly import FORMAT PATH OUT` makes a corpus folder, which every other command takes (`--corpus OUT`); every record of the input is imported or",
        "reported in `OUT/import-report.jsonl`. `allegedly export FORMAT OUT` writes. Labels that do not mean the same are not mapped; what a corpus does",
        "not say is not made up: its `corpus.json` lists what it has, and tasks that need more leave it out and say so.",
        "",
    ]
    from allegedly.formats import items

    lines += [
        "## Item sets: emergent, fnc-1, checkthat (benchmark alone)",
        "",
        *(items.__doc__ or "").strip().split("\n"),
        "",
    ]
    lines += [
        "`allegedly benchmark --corpus emergent=FOLDER` scores the pair classifier on one in ten folds that cut no group.",
        "",
    ]
    for name in sorted({*READERS, *WRITERS}):
        module = importlib.import_module(READERS.get(name) or WRITERS[name])
        does = " and ".join(w for w, there in (("import", name in READERS), ("export", name in WRITERS)) if there)
        title, _, body = (module.__doc__ or "").strip().partition("\n\n")
        paragraphs = body.split("\n\n")
        text = "\n\n".join(re.sub(r"\n(?=(?:What|Get|Format|PATH|Users)\b)", "\n\n", p) for p in paragraphs)
        lines += [f"## {name} ({does})", "", title.replace("\n", " "), "", text, ""]
    return "\n".join(lines)
