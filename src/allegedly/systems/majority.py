"""The floor: the commonest label of the training articles for every item; no attribution at all for extraction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Self

from allegedly.schema import Article
from allegedly.tasks import Label, Predictions, get_task


class Majority:
    """Always the commonest answer."""

    tasks = ("detection", "extraction", "stance", "disputes")

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._answer = Label(self._task.labels[0] if self._task.labels else "")

    def fit(self, articles: Sequence[Article]) -> Self:
        """Count the labels."""
        counts = Counter(item.answer for article in articles for item in self._task.items(article))
        if counts and self._task.labels:
            label, n = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
            self._answer = Label(label, n / counts.total())
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """The same answer for every item."""
        if not self._task.labels:
            return {article.id: () for article in articles}
        return {item.id: self._answer for article in articles for item in self._task.items(article)}
