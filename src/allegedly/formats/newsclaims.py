"""NewsClaims (Reddy et al., EMNLP 2022): claims on COVID-19 in news, with claimer, stance and span.

Get it from github.com/blender-nlp/NewsClaims; its articles are from the LDC, and the repository says how to get them. PATH is a JSON file
(or a folder of such): by article id a list of claims, each with `sentence` (or `original_claim_provenance`), `claimer`, `stance`
and `claim_span_text`; a file `texts.json` beside it (article id → text) gives the texts.
What maps: the claim's span (or its sentence where there is none) becomes the claim; a claimer that is named in the text becomes the source, at its mention nearest to
the claim; "affirm" becomes assert, "refute" deny: there the stance is towards the topic's canonical claim, so `corpus.json` does not list stance and
tasks leave it out. A claim by the journalist has no source.
What is lost: topic, claim object, affiliation and location.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allegedly.formats import Imported, ImportFailedError, files, plain_attribution, span, split_of
from allegedly.schema import CANARY, Attribution, CorpusRecord, Span
from allegedly.store import RecordError, read_text

STANCES = {"affirm": "assert", "refute": "deny", "discuss": "none"}
TEXTS = "texts.json"


def read(path: Path) -> Imported:
    """Read a file or a folder. ImportFailedError where the texts are not there."""
    imported = Imported(
        CorpusRecord(name="newsclaims", version="1", license="unknown", canary=CANARY, annotated=("source", "claim"))
    )
    folder = path if path.is_dir() else path.parent
    try:
        texts = json.loads(read_text(folder / TEXTS))
    except (OSError, RecordError, ValueError) as error:
        raise ImportFailedError(f"{folder / TEXTS}: expected an object of texts by article id ({error})") from None
    for file in files(path, "*.json"):
        if file.name == TEXTS:
            continue
        try:
            data = json.loads(read_text(file))
            if not isinstance(data, Mapping):
                raise TypeError("expected an object of claims by article id")
        except (RecordError, ValueError, TypeError, RecursionError) as error:
            imported.skip(file, getattr(error, "lineno", 0), "no NewsClaims file", error)
            continue
        for name, claims in data.items():
            _article(imported, file, str(name), claims, texts.get(name) if isinstance(texts, Mapping) else None)
    return imported


def _article(imported: Imported, file: Path, name: str, claims: Any, text: Any) -> None:
    listed = claims if isinstance(claims, list) else [claims]
    imported.lines += len(listed)
    if not isinstance(text, str) or not text.strip():
        for claim in listed:
            imported.skip(file, 0, "its article has no text", claim)
        return
    made: dict[tuple[int, int], Attribution] = {}
    for number, claim in enumerate(listed, 1):
        found = _claim(text, claim, number)
        if isinstance(found, str):
            imported.skip(file, number, found, claim)
            continue
        where = (found.claim.spans[0].start, found.claim.spans[0].end)
        if where in made:
            imported.skip(file, number, "the same claim twice", claim)
            continue
        made[where] = found
        imported.used += 1
    imported.add(name, text, made.values(), split=split_of(file), form="news", domain="health")


def _claim(text: str, claim: Any, number: int) -> Attribution | str:
    if not isinstance(claim, Mapping):
        return "a claim that is no object"
    sentence = str(claim.get("sentence") or claim.get("original_claim_provenance") or "").strip()
    words = str(claim.get("claim_span_text") or claim.get("claim_span") or sentence).strip()
    begin = text.find(sentence) if sentence else 0
    at = text.find(words, max(begin, 0)) if words and begin >= 0 else -1
    place = span(text, at, at + len(words)) if at >= 0 else None
    if place is None:
        return "its words are not in the text"
    stance = STANCES.get(str(claim.get("stance", "")).strip().lower(), "none")
    return plain_attribution(
        f"c{number}", _mention(text, str(claim.get("claimer") or ""), place), (), (place,), stance=stance
    )


def _mention(text: str, claimer: str, claim: Span) -> tuple[Span, ...]:
    """The claimer's mention that is nearest to the claim; none for the journalist, or where it is not in the text."""
    name = claimer.strip()
    if not name or name.lower() in ("author", "journalist", "<author>", "none"):
        return ()
    found = [m.span() for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    outside = [f for f in found if f[1] <= claim.start or f[0] >= claim.end]
    if not outside:
        return ()
    start, end = min(outside, key=lambda f: max(claim.start - f[1], f[0] - claim.end))
    return (Span(start=start, end=end, text=text[start:end]),)
