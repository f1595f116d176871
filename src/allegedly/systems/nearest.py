"""Nearest: the floor of linking. The source mention of the claim's own sentence that is nearest to it, else the last one before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Self

from allegedly.schema import Article, Attribution
from allegedly.tasks import Label, Predictions, get_task, linking


class Nearest:
    """Links by distance alone."""

    tasks = ("linking",)

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)

    def fit(self, articles: Sequence[Article]) -> Self:
        """Nothing is learned."""
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every item."""
        return {
            item.id: Label(linking.name(_nearest(a, item.attribution)))
            for a in articles
            for item in self._task.items(a)
            if item.attribution
        }


def _nearest(article: Article, attribution: Attribution) -> int:
    """The place of the nearest mention in the list of mentions."""
    starts = [s.start for s in article.sentences]
    spans = attribution.claim.spans
    here = {bisect_right(starts, s.start) for s in spans}

    def distance(number: int) -> tuple[bool, bool, int]:
        mention = linking.mentions(article)[number][0]
        inside = any(s.start <= mention.start < s.end for s in spans)
        same = bisect_right(starts, mention.start) in here and not inside
        gap = min(max(mention.start - s.end, s.start - mention.end, 0) for s in spans)
        return not same, not same and mention.start > spans[0].start, gap

    return min(range(len(linking.mentions(article))), key=distance)
