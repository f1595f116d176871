"""Where a model's quotes stand. A person who drafts says which place is meant (`text.anchor`); a model names the claim's sentence at most.

Of several places those are taken that lie nearest to each other: a claim in its sentence, the cue by the claim, the source by both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from allegedly.schema import Article, Span, Spans
from allegedly.text.anchor import GAP, PIECES, QuoteError, occurrences, sentence_number

# As code points of distance, chosen on our train split.
APART = 300  # a sentence further, or inside the other's words
LATER = 20  # after the other rather than before it


class Place(NamedTuple):
    """A quote's spans and the number of their sentence."""

    spans: Spans
    sentence: int


NOWHERE = Place((), 0)


def placed(article: Article, line: dict[str, Any], sentence: int | None) -> dict[str, Spans]:
    """The spans of a line's source, cue and claim; the claim should start in `sentence`, from 1. QuoteError where a quote is not in the text."""
    sources, cues, claims = (_places(article, line.get(role) or "") for role in ("source", "cue", "claim"))
    if sentence is not None:
        least = min(abs(c.sentence - sentence) for c in claims)
        claims = [c for c in claims if abs(c.sentence - sentence) == least]
    return min((_around(claim, cues, sources) for claim in claims), key=lambda found: found[0])[1]


def _around(claim: Place, cues: list[Place], sources: list[Place]) -> tuple[int, dict[str, Spans]]:
    """The cue and source nearest to a claim, and how far they are."""
    cue = min(cues, key=lambda c: _far(c, claim))
    source = min(sources, key=lambda s: _far(s, claim) + _far(s, cue))
    far = _far(cue, claim) + _far(source, claim) + _far(source, cue)
    return far, {"source": source.spans, "cue": cue.spans, "claim": claim.spans}


def _places(article: Article, quote: str) -> list[Place]:
    """Each place of a quote: its first words wherever they stand, what follows ` … ` or ` || ` where it stands next."""
    if not quote.strip():
        return [NOWHERE]
    pieces = [GAP.split(piece) for piece in PIECES.split(quote.strip())]
    sides = [occurrences(article.text, side) for piece in pieces for side in piece]
    found = []
    for start, _ in sides[0]:
        taken = _onwards(sides, start)
        if len(taken) < len(sides):
            break  # what does not follow here does not follow further on
        spans, done = [], 0
        for piece in pieces:
            first, done = done, done + len(piece)
            begin, end = taken[first][0], taken[done - 1][1]
            spans.append(Span(start=begin, end=end, text=article.text[begin:end]))
        found.append(Place(tuple(spans), sentence_number(article, start)))
    if not found:
        raise QuoteError(f"{quote!r} is not in the text")
    return found


def _onwards(sides: list[list[tuple[int, int]]], start: int) -> list[tuple[int, int]]:
    """The next place of each side after the one before it, as far as there is one."""
    taken: list[tuple[int, int]] = []
    for places in sides:
        after = taken[-1][1] if taken else start
        here = next((place for place in places if place[0] >= after), None)
        if here is None:
            break
        taken.append(here)
    return taken


def _far(one: Place, other: Place) -> int:
    """How unlikely one role is to stand there beside the other; 0 where one has no words."""
    if not one.spans or not other.spans:
        return 0
    gap = min(max(a.start - b.end, b.start - a.end) for a in one.spans for b in other.spans)
    later = one.spans[0].start > other.spans[0].start
    return APART * abs(one.sentence - other.sentence) + max(gap, 0) + APART * (gap < 0) + LATER * later
