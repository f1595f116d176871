"""Overlap: the floor of disputes. A logistic regression that sees how many words two claims share, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from allegedly.schema import Article, Pair
from allegedly.tasks import Label, Predictions, get_task
from allegedly.text.tokens import words


class Overlap:
    """Word overlap alone."""

    tasks = ("disputes",)

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._seed = seed
        self._model: Any = None

    def fit(self, articles: Sequence[Article]) -> Self:
        """Learn how much overlap goes with which relation."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        items = [i for a in articles for i in self._task.items(a)]
        answers = [i.answer for i in items]
        if len(set(answers)) > 1:
            claims = _claims(articles)
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500, random_state=self._seed))
            self._model = model.fit(np.array([_features(claims, i.pair) for i in items if i.pair]), answers)
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every pair."""
        items = [i for a in articles for i in self._task.items(a)]
        if self._model is None or not items:
            return {i.id: Label(self._task.labels[0]) for i in items}
        claims = _claims(articles)
        chances = self._model.predict_proba(np.array([_features(claims, i.pair) for i in items if i.pair]))
        best = chances.argmax(axis=1)
        return {
            i.id: Label(str(self._model.classes_[b]), float(p[b])) for i, b, p in zip(items, best, chances, strict=True)
        }


def _claims(articles: Sequence[Article]) -> dict[str, set[str]]:
    """The words of each claim, by article/attribution."""
    return {
        f"{a.id}/{x.id}": {w.lower() for w in words(a.slice(x.claim.spans)) if w[0].isalnum()}
        for a in articles
        for x in a.attributed
    }


def _features(claims: Mapping[str, set[str]], pair: Pair) -> list[float]:
    """Jaccard, share of the shorter one's words, and number of shared words."""
    left, right = claims.get(pair.left, set()), claims.get(pair.right, set())
    shared = len(left & right)
    return [shared / max(len(left | right), 1), shared / max(min(len(left), len(right)), 1), float(np.log1p(shared))]
