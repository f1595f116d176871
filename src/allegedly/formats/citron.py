"""Citron's JSON (BBC, github.com/bbc/citron): the format that its tools train on and are evaluated with.

Format: one object a file, `text` and `quotes`, each with `cue`, `sources` and `contents`, spans as start, end and text. Citron
itself is Apache-2.0; the corpora in this format have licences of their own.
What maps: sources, cue and contents become source, cue and claim. A quote of several sources is one source of several spans.
What is not there: stance, kind, named, via, refers; `corpus.json` says so.
What is lost: coreference groups and confidences. In writing: stance, kind, named, via, refers; Citron has one span to a cue, so
of a cue in two places the first is written, and an attribution without source or cue cannot be written at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from allegedly.formats import Imported, Skipped, files, load, plain_attribution, spans, split_of, writable
from allegedly.schema import CANARY, Article, Attribution, CorpusRecord, Spans
from allegedly.store import write_atomic


def read(path: Path) -> Imported:
    """Read a file or a folder of files."""
    imported = Imported(
        CorpusRecord(name="citron", version="1", license="unknown", canary=CANARY, annotated=("source", "cue", "claim"))
    )
    for file in files(path, "*.json"):
        with imported.reporting(file, reason="no Citron document"):
            _document(imported, file)
    return imported


def _document(imported: Imported, file: Path) -> None:
    data = load(file)
    text, quotes = data["text"], data.get("quotes", [])
    if not isinstance(text, str) or not isinstance(quotes, list):
        raise TypeError("expected a text and a list of quotes")
    writable(text)
    found = []
    for number, quote in enumerate(quotes, 1):
        imported.lines += 1
        with imported.reporting(file, number, "no quote"):
            made = _attribution(text, quote, number)
            if isinstance(made, str):
                imported.skip(file, number, made, quote)
            else:
                found.append(made)
                imported.used += 1
    imported.add(file.stem, text, found, split=split_of(file), form="news")


def _attribution(text: str, quote: Any, number: int) -> Attribution | str:
    """The attribution of a quote, or why it is none."""
    if not isinstance(quote, Mapping):
        return "a quote that is no object"
    roles: dict[str, Spans] = {}
    for role, given in (
        ("source", quote.get("sources")),
        ("cue", [quote.get("cue")]),
        ("claim", quote.get("contents")),
    ):
        extents = []
        for one in given if isinstance(given, list) else [None]:
            if not isinstance(one, Mapping) or type(one.get("start")) is not int or type(one.get("end")) is not int:
                return f"a {role} without start and end"
            if isinstance(one.get("text"), str) and text[max(0, one["start"]) : max(0, one["end"])] != one["text"]:
                return f"a {role} whose words are not the text's"
            extents.append((one["start"], one["end"]))
        found = spans(text, extents)
        if found is None:
            return f"a {role} outside the text"
        roles[role] = found
    if not roles["claim"]:
        return "a quote without contents"
    return plain_attribution(f"q{number}", roles["source"], roles["cue"], roles["claim"])


def write(articles: Sequence[Article], folder: Path) -> list[Skipped]:
    """Write one file an article; gives what could not be written."""
    lost: list[Skipped] = []
    for article in articles:
        quotes = []
        for a in article.attributed:
            if not a.source.spans or not a.cue.spans:
                lost.append(Skipped(f"{article.id}.json", 0, "no words for its source or cue", a.id))
                continue
            first, last = a.cue.spans[0].start, a.cue.spans[0].end
            if len(a.cue.spans) > 1:
                lost.append(
                    Skipped(f"{article.id}.json", 0, "cue in several places, of which the first is written", a.id)
                )
            quotes.append(
                {
                    "id": a.id,
                    "cue": {"start": first, "end": last, "text": article.text[first:last]},
                    "sources": [_span(article, s.start, s.end) for s in a.source.spans],
                    "contents": [_span(article, s.start, s.end) for s in a.claim.spans],
                }
            )
        data = {"text": article.text, "quotes": quotes}
        write_atomic(folder / f"{article.id}.json", (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode())
    return lost


def _span(article: Article, start: int, end: int) -> dict[str, Any]:
    return {"start": start, "end": end, "text": article.text[start:end]}
