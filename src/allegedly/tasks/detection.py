"""Detection: does a sentence carry an attributed claim, a claim of the narrator, or none?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from allegedly.schema import Article, Attribution
from allegedly.tasks import Item, Task, no_gold

LABELS = ("attributed", "narrator", "none")


def labels(article: Article, attributions: Sequence[Attribution]) -> list[str]:
    """One label a sentence: `attributed` where a claim of a source touches it, else `narrator`, else `none`."""
    starts = [s.start for s in article.sentences]
    found = ["none"] * len(starts)
    for attribution in attributions:
        label = "narrator" if attribution.is_narrator else "attributed"
        for span in attribution.claim.spans:
            for number in range(max(0, bisect_right(starts, span.start) - 1), len(starts)):
                if starts[number] >= span.end:
                    break
                if article.sentences[number].end > span.start and found[number] != "attributed":
                    found[number] = label
    return found


def items(article: Article) -> list[Item]:
    """One item a sentence, `<article>/s<number>`, numbers from 1."""
    return [
        Item(f"{article.id}/s{number}", label, sentence=number)
        for number, label in enumerate(labels(article, article.attributions), 1)
    ]


TASK = Task(
    name="detection",
    description="sentence → attributed, narrator or none",
    labels=LABELS,
    measures=("MacroF1", "F1(attributed)", "F1(narrator)", "F1(none)"),
    needs=("claim",),
    items=items,
    hide=no_gold,
)
