"""The dispute matrix: which source holds and which rejects each proposition of a story. It prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from allegedly.schema import Article, Attribution, Proposition, Story


class Cell(NamedTuple):
    """One source's position on one proposition, and the words it comes from. `chain` names who relays it, nearest first."""

    source: str
    proposition: str
    holds: bool
    article: str
    attribution: str
    chain: tuple[str, ...]


class Matrix(NamedTuple):
    """Propositions × sources. `rows` are the propositions that somebody takes a position on, in the story's order."""

    title: str
    rows: tuple[Proposition, ...]
    sources: tuple[str, ...]
    cells: tuple[Cell, ...]

    def at(self, proposition: str, source: str) -> tuple[Cell, ...]:
        """The cells of one source and one proposition."""
        return tuple(c for c in self.cells if (c.proposition, c.source) == (proposition, source))

    def who(self, proposition: str, *, holds: bool) -> tuple[str, ...]:
        """The sources that hold (or reject) a proposition, in text order."""
        return tuple(dict.fromkeys(c.source for c in self.cells if c.proposition == proposition and c.holds == holds))


def holds(attribution: Attribution, by_id: Mapping[str, Attribution]) -> Iterator[tuple[str, bool]]:
    """(proposition, whether the source holds it or rejects it); nothing where the stance is none or a relayer does not assert.

    A source holds a proposition where stance and polarity agree and every `via` above asserts; it rejects it where exactly
    one of the two is negative.
    """
    if attribution.stance == "none":
        return
    if any(above.stance != "assert" for above in relayers(attribution, by_id)):
        return
    for position in attribution.positions:
        yield position.proposition, (position.polarity == "+") == (attribution.stance == "assert")


def relayers(attribution: Attribution, by_id: Mapping[str, Attribution]) -> list[Attribution]:
    """The attributions through which this one reached us, nearest first."""
    chain: list[Attribution] = []
    above = by_id.get(attribution.via or "")
    while above is not None and above not in chain:
        chain.append(above)
        above = by_id.get(above.via or "")
    return chain


def names(article: Article, attribution: Attribution, story: Story | None) -> list[str]:
    """Who speaks: the inventory's names of its entities, else the mention, else nobody; the outlet for the narrator."""
    if attribution.is_narrator:
        return [f"{article.record.publisher} (narrator)"]
    known = {e.id: e.name for e in story.entities} if story else {}
    found = [known.get(e, e) for e in attribution.source.entities]
    return found or [article.slice(attribution.source.spans) or "(nobody named)"]


def matrix(story: Story, articles: Sequence[Article]) -> Matrix:
    """The matrix of a story's annotated articles, or of some of them."""
    cells: list[Cell] = []
    for article in articles:
        by_id = {a.id: a for a in article.attributions}
        for attribution in article.attributions:
            chain = tuple(", ".join(names(article, a, story)) for a in relayers(attribution, by_id))
            for proposition, held in holds(attribution, by_id):
                cells += [
                    Cell(name, proposition, held, article.id, attribution.id, chain)
                    for name in names(article, attribution, story)
                ]
    taken = {c.proposition for c in cells}
    rows = tuple(p for p in story.propositions if p.id in taken)
    return Matrix(story.title, rows, tuple(dict.fromkeys(c.source for c in cells)), tuple(cells))
