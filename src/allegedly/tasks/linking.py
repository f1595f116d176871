"""Linking: given a claim and every source mention of its article, whose claim is it?"""

from __future__ import annotations

from dataclasses import replace

from allegedly.schema import Article, Cue, Source, Spans
from allegedly.tasks import Item, Task


def mentions(article: Article) -> tuple[Spans, ...]:
    """The source mentions of an article, each once, in text order; the answer `m03` is the third."""
    if article.mentions:
        return article.mentions
    found = {extent(a.source.spans): a.source.spans for a in article.attributed}
    return tuple(found[key] for key in sorted(found) if key)


def name(number: int) -> str:
    """A mention's label, from its place in the list (0 is `m01`)."""
    return f"m{number + 1:02}"


def extent(spans: Spans) -> tuple[tuple[int, int], ...]:
    """A mention's offsets, by which two mentions are the same."""
    return tuple((s.start, s.end) for s in spans)


def places(article: Article) -> dict[tuple[tuple[int, int], ...], str]:
    """The label of each mention, by its offsets."""
    return {extent(spans): name(n) for n, spans in enumerate(mentions(article))}


def items(article: Article) -> list[Item]:
    """One item an attribution whose source has words, `<article>/<attribution>`."""
    place = places(article)
    choices = tuple(place.values())
    return [
        Item(f"{article.id}/{a.id}", place.get(extent(a.source.spans), ""), attribution=a, choices=choices)
        for a in article.attributed
        if article.mentions or a.source.spans
    ]


def hide(article: Article) -> Article:
    """Claims stay, sources and cues go; the mentions are given as a list."""
    empty: dict[str, object] = {
        "source": Source(spans=(), kind="unspecified", named=False),
        "cue": Cue(spans=()),
        "via": None,
        "refers": None,
        "stance": "none",
        "positions": (),
    }
    hidden = tuple(a.model_copy(update=empty) for a in article.attributed if a.source.spans)
    return replace(article, attributions=hidden, mentions=mentions(article))


TASK = Task(
    name="linking",
    description="a claim and all source mentions of its article → its source",
    labels=("m…",),
    measures=(
        "LinkAccuracy(entity)",
        "LinkAccuracy(mention)",
        "LinkAccuracy(within=sentence)",
        "LinkAccuracy(beyond=sentence)",
        "LinkAccuracy(pronoun)",
    ),
    needs=("source", "claim"),
    items=items,
    hide=hide,
)
