"""Which characters of an article are marked as what: the common ground of the terminal view and the page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from allegedly.schema import Article, Attribution


class Piece(NamedTuple):
    """A stretch of text under one set of marks, such as {"claim", "deny"}; `ids` names the attributions."""

    text: str
    marks: frozenset[str]
    ids: tuple[str, ...]


def pieces(article: Article, attributions: Sequence[Attribution]) -> Iterator[Piece]:
    """The text cut wherever its marks change, in order; joined, the pieces are the text."""
    marks: list[tuple[int, int, str, str]] = []
    for attribution in attributions:
        for role, spans in attribution.roles.items():
            name = role if role != "claim" else "narrator" if attribution.is_narrator else attribution.stance
            marks += [(s.start, s.end, name, attribution.id) for s in spans]
    edges = sorted({0, len(article.text), *(m[0] for m in marks), *(m[1] for m in marks)})
    opening = sorted(marks)
    at = 0
    active: list[tuple[int, int, str, str]] = []
    for start, end in itertools.pairwise(edges):
        while at < len(opening) and opening[at][0] <= start:
            active.append(opening[at])
            at += 1
        active = [m for m in active if m[1] > start]
        yield Piece(
            article.text[start:end], frozenset(m[2] for m in active), tuple(dict.fromkeys(m[3] for m in active))
        )


def who(article: Article, attribution: Attribution) -> str:
    """The source's words; a dash where nobody is named."""
    return article.slice(attribution.source.spans) or "–"
