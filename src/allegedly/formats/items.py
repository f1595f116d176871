"""Sets of labelled items rather than of annotated articles: a text or a pair of texts, a label, and a group that no fold may cut.

- `emergent` (Ferreira & Vlachos, NAACL 2016): a claim and an article's headline; for, against or observing. CSV with claimHeadline, articleHeadline,
  stance; groups are claims. Licence: none stated.
- `fnc-1` (fakenewschallenge.org): a headline and an article; agree, disagree, discuss or unrelated. `*_stances.csv` beside `*_bodies.csv`; groups are
  articles. Licence: Apache-2.0.
- `checkthat` (CLEF 2019 and 2020, check-worthiness in debates): a sentence; 1 where a journalist checked it, else 0. TSV of line, speaker, text, label;
  groups are debates. Free for research use. Check-worthy is not attributed: the labels are kept as they are, never read as ours.

A CSV row whose quotation marks do not close is reported, and what follows its first line is read as rows of its own.
Nothing is made of them but items: they say neither source nor cue, so they are no corpora of ours.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from allegedly.formats import ImportFailedError, Skipped, files
from allegedly.store import RecordError, UnknownIdError, read_text


class Item(NamedTuple):
    """A text, or two, with a label; `group` is what stays together."""

    id: str
    group: str
    texts: tuple[str, ...]
    label: str


@dataclass
class Items:
    """A set of items, the labels that it knows, and what of the input became no item."""

    name: str
    labels: tuple[str, ...]
    items: list[Item] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def take(self, path: Path, line: int, item: Item) -> None:
        """Add an item, or report it where its label or text is not there."""
        if item.label not in self.labels:
            self.skipped.append(
                Skipped(str(path), line, f"a label other than {', '.join(self.labels)}", item.label[:60])
            )
        elif not all(t.strip() for t in item.texts):
            self.skipped.append(Skipped(str(path), line, "an empty text", item.id))
        else:
            self.items.append(item)


def read_items(name: str, path: Path) -> Items:
    """Read a set. UnknownIdError lists the sets, ImportFailedError says what was expected at `path`."""
    if name not in SETS:
        raise UnknownIdError("item set", name, SETS)
    labels, read = SETS[name]
    found = Items(name, labels)
    read(path, found)
    if not found.items:
        detail = f": {found.skipped[0].reason} ({found.skipped[0].detail})" if found.skipped else ""
        raise ImportFailedError(f"{path}: expected items of {name}{detail}")
    return found


def _rows(file: Path, found: Items, wanted: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with these columns, each with the number of its first line; another row is reported."""
    try:
        text = read_text(file).removeprefix("\ufeff")
    except RecordError as error:
        found.skipped.append(Skipped(str(file), error.line or 0, "unreadable", error.message[:80]))
        return
    names: list[str] | None = None
    for line, row in _parsed(list(io.StringIO(text, newline=""))):
        if isinstance(row, csv.Error):
            found.skipped.append(Skipped(str(file), line, "a row with unbalanced quotes", str(row)[:80]))
        elif names is None:
            names = row
            if missing := [c for c in wanted if c not in names]:
                found.skipped.append(Skipped(str(file), line, f"no column {missing[0]}", ", ".join(names)[:60]))
                return
        elif len(row) != len(names):
            few = "few" if len(row) < len(names) else "many"
            found.skipped.append(Skipped(str(file), line, f"a row with too {few} columns", str(row)[:60]))
        else:
            yield line, dict(zip(names, row, strict=True))
    if names is None:
        found.skipped.append(Skipped(str(file), 1, f"no column {wanted[0]}", "no columns at all"))


def _parsed(lines: list[str]) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Each row with the number of its first line. An open quotation mark costs its own line, not what stands up to the next mark."""
    csv.field_size_limit(2**31 - 1)  # else a field of 131,072 characters ends the reading
    first = 0
    while first < len(lines):
        begun = first
        reader = csv.reader(map(lines.__getitem__, range(begun, len(lines))), strict=True)
        try:
            for row in reader:
                if row:
                    yield first + 1, row
                first = begun + reader.line_num
        except csv.Error as error:
            yield first + 1, error
            first += 1


def _emergent(path: Path, found: Items) -> None:
    for file in files(path, "*.csv"):
        for line, row in _rows(file, found, ("claimHeadline", "articleHeadline", "stance")):
            claim = row["claimHeadline"]
            name = f"{file.stem}-{row.get('id') or line}"
            found.take(file, line, Item(name, claim, (claim, row["articleHeadline"]), row["stance"].strip()))


def _fnc(path: Path, found: Items) -> None:
    for file in files(path, "*_stances.csv"):
        bodies_file = file.with_name(file.name.replace("_stances", "_bodies"))
        if not bodies_file.exists():
            raise ImportFailedError(f"{file}: expected {bodies_file.name} beside it")
        bodies: dict[str, str] = {}
        for line, row in _rows(bodies_file, found, ("Body ID", "articleBody")):
            if row["Body ID"] in bodies:
                found.skipped.append(Skipped(str(bodies_file), line, "a body id twice", row["Body ID"][:60]))
            bodies.setdefault(row["Body ID"], row["articleBody"])
        for line, row in _rows(file, found, ("Headline", "Body ID", "Stance")):
            body = bodies.get(row["Body ID"], "")
            name = f"{file.stem}-{line}"
            found.take(file, line, Item(name, row["Body ID"], (row["Headline"], body), row["Stance"].strip()))


def _checkthat(path: Path, found: Items) -> None:
    for file in files(path, "*.tsv"):
        try:
            lines = read_text(file).replace("\r\n", "\n").split("\n")
        except RecordError as error:
            found.skipped.append(Skipped(str(file), error.line or 0, "unreadable", error.message))
            continue
        for number, line in enumerate(lines, 1):
            columns = line.split("\t")
            if not line.strip():
                continue
            if len(columns) != 4:
                found.skipped.append(Skipped(str(file), number, "expected four columns", line[:60]))
                continue
            found.take(file, number, Item(f"{file.stem}-{columns[0]}", file.stem, (columns[2],), columns[3].strip()))


SETS: dict[str, tuple[tuple[str, ...], Callable[[Path, Items], None]]] = {
    "checkthat": (("0", "1"), _checkthat),
    "emergent": (("for", "against", "observing"), _emergent),
    "fnc-1": (("agree", "disagree", "discuss", "unrelated"), _fnc),
}
