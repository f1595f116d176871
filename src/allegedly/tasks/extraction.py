"""Extraction: all attributions of an article, with their spans, stance and via. The narrator is not part of it."""

from __future__ import annotations

from allegedly.schema import Article
from allegedly.tasks import Item, Task, no_gold


def items(article: Article) -> list[Item]:
    """The article is the one item."""
    return [Item(article.id, "")]


TASK = Task(
    name="extraction",
    description="article → its attributions",
    labels=(),
    measures=(
        "AttributionF1(overlap)",
        "AttributionF1(exact)",
        "AttributionF1(triple50)",
        "SourceF1(exact)",
        "SourceF1(overlap)",
        "CueF1(exact)",
        "CueF1(overlap)",
        "ClaimF1(exact)",
        "ClaimF1(overlap)",
        "StanceAccuracy(matched)",
        "ViaAccuracy(matched)",
        "StructureF1",
    ),
    needs=("source", "cue", "claim"),
    items=items,
    hide=no_gold,
)
