"""Bridges from other corpora's formats into corpus folders, one file a format.

A reader takes a path and gives an `Imported`; `write_corpus` makes a corpus folder of it. Every line of the input is
imported or reported with its reason.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from allegedly.schema import AllegedlyError, ArticleRecord, Attribution, CorpusRecord
from allegedly.store import UnknownIdError, dump_line, plain, write_atomic, write_records

#: Each reader: a module of this package with `read(path) -> Imported` and a docstring that users are shown.
READERS: dict[str, str] = {"polnear": "allegedly.formats.polnear"}


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


def reader(name: str) -> Callable[[Path], Imported]:
    """The reader of a format. UnknownIdError lists the formats."""
    if name not in READERS:
        raise UnknownIdError("format", name, READERS)
    read: Callable[[Path], Imported] = importlib.import_module(READERS[name]).read
    return read


def write_corpus(imported: Imported, out: Path) -> None:
    """Write a corpus folder; the article list comes last, so an interrupted import is never taken for a whole one."""
    if out.exists() and any(out.iterdir()):
        raise ImportFailedError(f"{out} is not empty: name a new folder")
    for article, text in imported.texts.items():
        write_atomic(out / "corpus" / "texts" / f"{article}.txt", text.encode())
    for article, attributions in imported.gold.items():
        write_records(out / "annotations" / "gold" / f"{article}.jsonl", attributions)
    for (annotator, article), attributions in imported.layers.items():
        write_records(out / "annotations" / "layers" / annotator / f"{article}.jsonl", attributions)
    report: list[dict[str, Any]] = [s._asdict() for s in imported.skipped]
    write_records(out / "import-report.jsonl", report)
    write_atomic(out / "corpus" / "corpus.json", (dump_line(plain(imported.info)) + "\n").encode())
    write_records(out / "corpus" / "articles.jsonl", imported.articles)
