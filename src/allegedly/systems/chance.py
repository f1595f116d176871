"""Random: answers drawn from the labels' frequencies in training, by the seed and the item's id. The floor below floors."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Self

from allegedly.schema import Article
from allegedly.tasks import Label, Predictions, get_task


class Random:
    """Answers by lot."""

    tasks = ("detection", "stance", "disputes", "linking")

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._seed = seed
        self._counts: Counter[str] = Counter()

    def fit(self, articles: Sequence[Article]) -> Self:
        """Count the labels."""
        self._counts = Counter(item.answer for article in articles for item in self._task.items(article))
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every item; the same seed and id give the same answer."""
        return {
            item.id: Label(self._draw(item.id, item.choices))
            for article in articles
            for item in self._task.items(article)
        }

    def _draw(self, item: str, choices: Sequence[str]) -> str:
        digest = hashlib.sha256(f"{self._seed} {item}".encode()).digest()
        lot = int.from_bytes(digest[:8], "big") / 2**64
        if choices:
            return choices[int(lot * len(choices))]
        total = self._counts.total()
        for label in self._task.labels:
            lot -= self._counts[label] / total if total else 1 / len(self._task.labels)
            if lot < 0:
                return label
        return self._task.labels[-1]
