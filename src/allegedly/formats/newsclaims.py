"""NewsClaims (Reddy et al., EMNLP 2022): claims on COVID-19 in news, with claimer, stance and span.

Get it by the link in github.com/blender-nlp/NewsClaims: `dev.json`, `test.json`, `all_sents.json` and the articles in a folder `text`. PATH is the
folder of these, or one of them: by article id an object of claims by segment id, each with `sentence`, `claimer`, `has_claimer`, `stance` and
`claim_span`; an older list of claims with `original_claim_provenance` is read too. A file `texts.json` (article id → text) can stand in for `text`;
`all_sents.json` has no claims and is left alone.
What maps: the claim's span (or its sentence where there is none) becomes the claim. `claim_span` is two character offsets, the last one part of the claim
as in the official scorer, in the article or in the sentence: whichever gives words of the sentence (`claim_span_text`, the words themselves, is read
too). A claimer that is named in the text becomes the source, at its mention nearest to the claim; "affirm" becomes assert, "refute" deny: there the stance
is towards the topic's canonical claim, so `corpus.json` does not list stance and tasks leave it out. A claim by the journalist (`has_claimer` false, or
`<AUTHOR>`) has no source.
What is lost: topic, claim object, affiliation and location. A claim whose claimer the text does not name outside the claim is reported and left out, as
without a source it would look like the journalist's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from allegedly.formats import Imported, ImportFailedError, files, load, plain_attribution, span, split_of, writable
from allegedly.schema import CANARY, Attribution, CorpusRecord, Span, Spans
from allegedly.store import read_text

STANCES = {"affirm": "assert", "refute": "deny", "discuss": "none"}
TEXTS, SENTENCES = "texts.json", "all_sents.json"
JOURNALIST = ("", "author", "journalist", "<author>", "none")


def read(path: Path) -> Imported:
    """Read a file or a folder. ImportFailedError where the texts are not there."""
    imported = Imported(
        CorpusRecord(name="newsclaims", version="1", license="unknown", canary=CANARY, annotated=("source", "claim"))
    )
    found = files(path, "*.json")
    texts = _texts(path if path.is_dir() else path.parent, imported)
    for file in found:
        if file.name in (TEXTS, SENTENCES):
            continue
        with imported.reporting(file, reason="no NewsClaims file"):
            data = load(file)
            if not isinstance(data, Mapping):
                raise TypeError("expected an object of claims by article id")
            for name, claims in data.items():
                with imported.reporting(file, reason="no article"):
                    _article(imported, file, name, claims, texts.get(name))
    return imported


def _texts(folder: Path, imported: Imported) -> dict[str, Any]:
    """The texts by article id, which a text's file is named after."""
    if not (folder / TEXTS).exists():
        if not (folder / "text").is_dir():
            raise ImportFailedError(f"{folder}: expected the articles in a folder `text` in it, or in {TEXTS}")
        texts = {}
        for file in files(folder / "text", "*"):
            with imported.reporting(file):
                texts[file.name.split(".")[0]] = read_text(file)
        return texts
    try:
        return dict(load(folder / TEXTS))
    except (ValueError, TypeError, RecursionError) as error:
        raise ImportFailedError(f"{folder / TEXTS}: expected an object of texts by article id ({error})") from None


def _article(imported: Imported, file: Path, name: str, claims: Any, text: Any) -> None:
    listed = list(claims.values()) if isinstance(claims, Mapping) else claims if isinstance(claims, list) else [claims]
    usable = isinstance(text, str) and bool(text.strip())
    if usable:
        writable(text)
    made: dict[tuple[int, int], Attribution] = {}
    for number, claim in enumerate(listed, 1):
        imported.lines += 1
        with imported.reporting(file, number, "no claim"):
            found = _claim(text, claim, number) if usable else "its article has no text"
            where = (0, 0) if isinstance(found, str) else (found.claim.spans[0].start, found.claim.spans[0].end)
            if isinstance(found, str) or where in made:
                imported.skip(file, number, found if isinstance(found, str) else "the same claim twice", claim)
                continue
            made[where] = found
            imported.used += 1
    if usable:
        split = split_of(file.with_suffix("") / file.name)  # dev.json is the validation split
        imported.add(name, text, made.values(), split=split, form="news", domain="health")


def _claim(text: str, claim: Any, number: int) -> Attribution | str:
    """The attribution of a claim, or why it is none."""
    if not isinstance(claim, Mapping):
        return "a claim that is no object"
    place = _place(text, claim)
    if place is None:
        return "its words are not in the text"
    source = _source(text, claim, place)
    if source is None:
        return "its claimer is not in the text outside the claim"
    stance = STANCES.get(str(claim.get("stance", "")).strip().lower(), "none")
    return plain_attribution(f"c{number}", source, (), (place,), stance=stance)


def _place(text: str, claim: Mapping[str, Any]) -> Span | None:
    sentence = str(claim.get("sentence") or claim.get("original_claim_provenance") or "")
    begin = next((m.start() for m in _found(text, sentence)), None) if sentence.strip() else 0
    given, words = claim.get("claim_span"), claim.get("claim_span_text")
    if isinstance(given, list):
        first, last = given
        for origin in (0, begin or 0):
            place = span(text, origin + first, origin + last + 1)
            if place and (not sentence or any(_found(sentence, place.text or ""))):
                return place
    elif isinstance(given, str):
        words = words or given
    else:
        words = words or sentence
    if begin is None or not words:
        return None
    return next((span(text, begin + m.start(), begin + m.end()) for m in _found(text[begin:], str(words))), None)


def _source(text: str, claim: Mapping[str, Any], place: Span) -> Spans | None:
    """The claimer's mention that is nearest to the claim; none for the journalist. None where the text has none outside the claim."""
    name = str(claim.get("claimer") or "").strip()
    has = claim.get("has_claimer")
    if has is False or (has is None and name.lower() in JOURNALIST):
        return ()
    found = [m.span() for m in _found(text, name, r"(?<!\w)", r"(?!\w)")] if name else []
    outside = [f for f in found if f[1] <= place.start or f[0] >= place.end]
    if not outside:
        return None
    start, end = min(outside, key=lambda f: max(place.start - f[1], f[0] - place.end))
    return (Span(start=start, end=end, text=text[start:end]),)


def _found(text: str, words: str, before: str = "", after: str = "") -> Iterator[re.Match[str]]:
    """Where words stand in a text, whatever white space is between them: sentences are one line here, and may be several there."""
    return re.finditer(before + r"\s+".join(map(re.escape, words.split())) + after, text)
