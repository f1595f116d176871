"""Quotation attribution in German Wikinews (Petersen-Frey & Biemann, LREC-COLING 2024).

Get it from github.com/uhh-lt/german-news-quotation-attribution-2024: CC BY-NC-SA 4.0, so a corpus made of it stays under that
licence and is not for commercial use. PATH is its `data` folder, or one split of it.
What maps: quote, speaker and cue become claim, source and cue. Direct, Indirect, Reported, FreeIndirect and
IndirectFreeIndirect are all attributions. The language is German: systems trained on English will not do.
What is not there: stance, kind, named, via, refers; `corpus.json` says so.
What is lost: type, medium, frame and addressee, sentences and tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allegedly.formats import Imported, files, load, plain_attribution, spans, split_of, writable
from allegedly.schema import CANARY, Attribution, CorpusRecord, Spans

LICENSE = "CC-BY-NC-SA-4.0"
ROLES = {"source": "speaker", "cue": "cue", "claim": "quote"}


def read(path: Path) -> Imported:
    """Read the data folder, a split of it, or one file."""
    imported = Imported(
        CorpusRecord(
            name="german-wikinews", version="2024", license=LICENSE, canary=CANARY, annotated=("source", "cue", "claim")
        )
    )
    for file in files(path, "*.json"):
        with imported.reporting(file, reason="no document of this corpus"):
            _document(imported, file)
    return imported


def _document(imported: Imported, file: Path) -> None:
    data = load(file)
    text, annotations = data["originalText"], data["annotations"]
    if not isinstance(text, str) or not isinstance(annotations, list):
        raise TypeError("expected originalText and a list of annotations")
    writable(text)
    found: dict[Any, Attribution] = {}
    names: set[str] = set()
    for number, given in enumerate(annotations, 1):
        imported.lines += 1
        with imported.reporting(file, number, "no annotation"):
            made = _attribution(text, given, number)
            if isinstance(made, str):
                imported.skip(file, number, made, given)
                continue
            key = tuple(tuple((s.start, s.end) for s in r) for r in made.roles.values())
            if key in found or made.id in names:
                imported.skip(file, number, f"the same {'attribution' if key in found else 'id'} twice", given)
                continue
            found[key] = made
            names.add(made.id)
            imported.used += 1
    name = re.fullmatch(r"(.*?)(?: - .*)? \((\d{4}-\d{2}-\d{2})\)(?:\.pretty)?\.json", file.name)
    imported.add(
        (name and name[1]) or file.stem, text, found.values(),
        split=split_of(file), published=name[2] if name else "0000-00-00", publisher="Wikinews", form="news", variety="de",
    )  # fmt: skip


def _attribution(text: str, given: Any, number: int) -> Attribution | str:
    if not isinstance(given, Mapping):
        return "an annotation that is no object"
    roles: dict[str, Spans] = {}
    for role, key in ROLES.items():
        entry = given.get(key)
        extents = []
        for one in (entry or {}).get("spans", ()) if isinstance(entry, Mapping) or entry is None else [None]:
            if (
                not isinstance(one, Mapping)
                or type(one.get("charBegin")) is not int
                or type(one.get("charEnd")) is not int
            ):
                return f"a {key} without charBegin and charEnd"
            extents.append((one["charBegin"], one["charEnd"]))
        found = spans(text, extents)
        if found is None:
            return f"a {key} outside the text"
        roles[role] = found
    if not roles["claim"]:
        return "an annotation without a quote"
    return plain_attribution(f"q{given.get('id', number)}", roles["source"], roles["cue"], roles["claim"])
