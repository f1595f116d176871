"""PARC 3.0 (Pareti 2016): attribution relations over the Wall Street Journal texts of the Penn Treebank.

Users hold the licence: the annotations come from the author, the texts with the Penn Treebank (LDC95T7 or LDC99T42); nothing of either is here.
PATH is the folder `PARC3_complete` (train, dev, test) of XML files: words as <WORD ByteCount="a,b" text="…"> in sentences, each with <attribution
id="…"> and in it <attributionRole roleValue="source|cue|content">.
What maps: source, cue and content become source, cue and claim; words of one role that follow each other are one span. Nested attributions stay.
What is not there: stance, kind, named, via, refers; `corpus.json` says so.
What is lost: attributions without id, cue or content and roles of another name are reported. The text is rebuilt from the words' byte counts (the files
are ASCII), with spaces for what lies between them and a line end between sentences where two bytes or more do.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from allegedly.formats import Imported, files, plain_attribution, spans, split_of
from allegedly.schema import CANARY, Attribution, CorpusRecord
from allegedly.store import RecordError, read_text

ROLES = {"source": "source", "cue": "cue", "content": "claim"}
Extent = tuple[int, int]


def read(path: Path) -> Imported:
    """Read the corpus's folder, a split of it, or one file."""
    imported = Imported(
        CorpusRecord(
            name="parc3",
            version="3.0",
            license="users hold it (LDC)",
            canary=CANARY,
            annotated=("source", "cue", "claim"),
        )
    )
    for file in files(path, "*.xml"):
        try:
            root = ET.fromstring(read_text(file))
            text, words = _words(root)
        except (RecordError, ET.ParseError, ValueError) as error:
            imported.skip(file, 0, "unreadable", error)
            continue
        if not words:
            imported.skip(file, 0, "no words", file.name)
            continue
        imported.add(
            file.stem,
            text,
            _attributions(words, text, file, imported),
            split=split_of(file),
            publisher="The Wall Street Journal",
            form="news",
            variety="en-US",
        )
    return imported


def _words(root: ET.Element) -> tuple[str, list[tuple[Extent, ET.Element]]]:
    """The text, and each word with its place in it. ValueError for byte counts that make no text."""
    placed: list[tuple[Extent, ET.Element]] = []
    text = ""
    last = 0
    for sentence in root.iter("SENTENCE"):
        first = True
        for word in sentence.iter("WORD"):
            begin, _, end = (word.get("ByteCount") or "").partition(",")
            surface = word.get("text") or ""
            if not begin.strip().isdigit() or not end.strip().isdigit() or not surface or int(begin) < last:
                raise ValueError(f"a word with byte count {word.get('ByteCount')!r} after byte {last}")
            gap = int(begin) - last
            if text:
                text += "\n" if first and gap > 1 else " " if gap else ""
            start = len(text)
            text += surface
            placed.append(((start, len(text)), word))
            last, first = int(end), False
    return text + "\n", placed


def _attributions(
    words: list[tuple[Extent, ET.Element]], text: str, file: Path, imported: Imported
) -> list[Attribution]:
    roles: dict[str, dict[str, list[int]]] = {}
    for index, (_, word) in enumerate(words):
        for attribution in word.iter("attribution"):
            values = roles.setdefault(attribution.get("id", ""), {})
            for role in attribution.iter("attributionRole"):
                values.setdefault(role.get("roleValue", ""), []).append(index)
    made: list[Attribution] = []
    seen = set()
    for number, (name, values) in enumerate(roles.items(), 1):
        imported.lines += 1
        for value in sorted(values.keys() - ROLES.keys()):  # a role of its own: the others are kept
            imported.lines += 1
            imported.skip(file, 0, "a role other than source, cue and content", f"{name} {value}")
        given = {role: values.get(value, []) for value, role in ROLES.items()}
        if lacking := [what for what, there in {"id": name, **given}.items() if not there and what != "source"]:
            imported.skip(file, 0, f"no {lacking[0]}", name)
            continue
        found = [spans(text, _runs(words, given[r])) or () for r in ("source", "cue", "claim")]
        key = tuple(tuple((s.start, s.end) for s in r) for r in found)
        if key in seen:
            imported.skip(file, 0, "the same attribution twice", name)
            continue
        seen.add(key)
        made.append(plain_attribution(f"p{number}", *found))
        imported.used += 1
    return made


def _runs(words: list[tuple[Extent, ET.Element]], indexes: list[int]) -> list[Extent]:
    """Words that follow each other, as one stretch."""
    made: list[list[int]] = []
    for i in sorted(set(indexes)):
        if made and made[-1][1] == i - 1:
            made[-1][1] = i
        else:
            made.append([i, i])
    return [(words[a][0][0], words[b][0][1]) for a, b in made]
