"""Floors that see a part of the question: stance from the cue's words alone, or from the claim's words alone.

If the claim alone told the stance, the corpus would leak it; if the cue alone did, stance would be a look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from allegedly.schema import Article
from allegedly.systems.rules import words_in
from allegedly.tasks import Item, Label, Predictions, get_task


class _Partial:
    """A logistic regression over the words and word pairs of one role."""

    tasks = ("stance",)
    role: ClassVar[str]

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._seed = seed
        self._model: Any = None

    def _text(self, article: Article, item: Item) -> str:
        assert item.attribution is not None
        return " ".join(words_in(article, item.attribution.roles[self.role])).lower() or "(none)"

    def fit(self, articles: Sequence[Article]) -> Self:
        """Learn which words go with which stance."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        pairs = [(self._text(a, i), i.answer) for a in articles for i in self._task.items(a)]
        if len({answer for _, answer in pairs}) > 1:
            vectors = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+")
            model = LogisticRegression(C=10, max_iter=1000, class_weight="balanced", random_state=self._seed)
            self._model = make_pipeline(vectors, model).fit(*zip(*pairs, strict=True))
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every item."""
        items = [(a, i) for a in articles for i in self._task.items(a)]
        if self._model is None or not items:
            return {i.id: Label(self._task.labels[0]) for _, i in items}
        chances = self._model.predict_proba([self._text(a, i) for a, i in items])
        best = chances.argmax(axis=1)
        return {
            i.id: Label(str(self._model.classes_[b]), float(p[b]))
            for (_, i), b, p in zip(items, best, chances, strict=True)
        }


class CueOnly(_Partial):
    """Stance from the cue's words alone."""

    role = "cue"


class ClaimOnly(_Partial):
    """Stance from the claim's words alone."""

    role = "claim"
