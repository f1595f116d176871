"""Disputes by alignment: which words of two claims answer each other, who denies, where negation, numbers or rivals differ.

`align` reads words alone. `embed` adds the claims as vectors (latent semantic analysis of their words and letter n-grams, fitted on the training
articles), so that claims without a word in common can be near; no download, no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from allegedly.schema import Article, Attribution, Pair
from allegedly.systems import lexicon
from allegedly.tasks import Label, Predictions, get_task
from allegedly.text.tokens import words

STOP = frozenset(
    "the a an of in on at to for and or is are was were be been by with from as that this it its his her their he she they has have had not no".split()
)
NUMBERS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty thirty forty fifty hundred thousand".split()
)
NUMBER = re.compile(r"^\d")
DIMENSIONS = 48


class Side(NamedTuple):
    """What an attribution says, taken apart."""

    words: tuple[str, ...]
    stems: frozenset[str]
    numbers: frozenset[str]
    negated: bool
    denied: bool
    left_open: bool
    text: str
    source: frozenset[str]


class Align:
    """Lexical alignment and stance."""

    tasks = ("disputes",)
    vectors = False

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._seed = seed
        self._model: Any = None
        self._space: Any = None

    def fit(self, articles: Sequence[Article]) -> Self:
        """Learn which alignment goes with which relation."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        items = [i for a in articles for i in self._task.items(a)]
        answers = [i.answer for i in items]
        if len(set(answers)) < 2:
            return self
        sides = _sides(articles)
        if self.vectors and len(sides) >= DIMENSIONS:  # of fewer claims no direction can be learnt
            self._space = _space([s.text for s in sides.values()], self._seed)
        x = self._features(sides, [i.pair for i in items if i.pair])
        model = HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.06, max_leaf_nodes=12, l2_regularization=2.0, random_state=self._seed
        )
        self._model = model.fit(x, answers)
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every pair."""
        items = [i for a in articles for i in self._task.items(a)]
        if self._model is None or not items:
            return {i.id: Label(self._task.labels[0]) for i in items}
        chances = self._model.predict_proba(self._features(_sides(articles), [i.pair for i in items if i.pair]))
        best = chances.argmax(axis=1)
        return {
            i.id: Label(str(self._model.classes_[b]), float(p[b])) for i, b, p in zip(items, best, chances, strict=True)
        }

    def _features(self, sides: dict[str, Side], pairs: Sequence[Pair]) -> Any:
        known = [(sides.get(p.left, EMPTY), sides.get(p.right, EMPTY), p) for p in pairs]
        x = np.array([_numbers(a, b, p) for a, b, p in known])
        if self._space is None:
            return x
        left = self._space.transform([a.text for a, _, _ in known])
        right = self._space.transform([b.text for _, b, _ in known])
        near = (left * right).sum(1) / np.maximum(np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1), 1e-9)
        return np.hstack([x, near[:, None], (near * x[:, 0])[:, None]])


class Embed(Align):
    """Alignment, stance, and the claims as vectors."""

    vectors = True


EMPTY = Side((), frozenset(), frozenset(), False, False, False, "", frozenset())


def _sides(articles: Sequence[Article]) -> dict[str, Side]:
    """Each attribution taken apart, by article/attribution; a relayed denial counts with its own."""
    found = {}
    for article in articles:
        by_id = {a.id: a for a in article.attributed}
        for a in article.attributed:
            said = tuple(w.lower() for w in words(article.slice(a.claim.spans)) if w != "|")
            stems = frozenset(_stem(w) for w in said if w[0].isalnum() and w not in STOP)
            figures = frozenset(w for w in said if NUMBER.match(w) or w in NUMBERS)
            denials = sum(x.stance == "deny" for x in _chain(a, by_id))
            source = frozenset(w.lower() for w in words(article.slice(a.source.spans)) if w[:1].isupper())
            found[f"{article.id}/{a.id}"] = Side(
                said, stems, figures, any(w in lexicon.NEGATION or w in ("no", "never", "nobody", "nothing", "none") for w in said),
                denials % 2 == 1, a.stance == "none", article.slice(a.claim.spans), source,
            )  # fmt: skip
    return found


def _chain(a: Attribution, by_id: dict[str, Attribution]) -> list[Attribution]:
    chain = [a]
    while (outer := by_id.get(chain[-1].via or "")) and outer not in chain:
        chain.append(outer)
    return chain


def _numbers(a: Side, b: Side, pair: Pair) -> list[float]:
    shared, both = a.stems & b.stems, a.stems | b.stems
    least = max(min(len(a.stems), len(b.stems)), 1)
    share = len(shared) / least
    parity = (a.denied + a.negated + b.denied + b.negated) % 2
    figures_differ = bool(a.numbers and b.numbers and not a.numbers & b.numbers)
    bigrams = [set(zip(s.words, s.words[1:], strict=False)) for s in (a, b)]
    return [
        share, len(shared) / max(len(both), 1), float(np.log1p(len(shared))), len(bigrams[0] & bigrams[1]) / max(min(map(len, bigrams)), 1),
        float(parity), parity * share, float(a.denied != b.denied), float(a.denied or b.denied), float(a.negated != b.negated), float(a.negated or b.negated),
        float(a.left_open or b.left_open), float(figures_differ), float(bool(a.numbers & b.numbers)), float(bool(a.numbers) != bool(b.numbers)),
        float(pair.left.split("/")[0] == pair.right.split("/")[0]), float(len(a.words)), float(len(b.words)), float(abs(len(a.words) - len(b.words))),
        float(bool(a.source & b.source)), float(min(len(a.stems), len(b.stems))), _letters(a.text, b.text),
    ]  # fmt: skip


def _letters(left: str, right: str) -> float:
    """Share of letter trigrams in common: forms of one word, and names, are near."""
    one, other = ({t.lower()[i : i + 3] for i in range(len(t) - 2)} for t in (left, right))
    return len(one & other) / max(min(len(one), len(other)), 1)


def _stem(word: str) -> str:
    low = lexicon.LEMMA.get(word, word)
    for ending in ("'s", "’s", "ing", "ed", "es", "s"):
        if low.endswith(ending) and len(low) - len(ending) >= 3:
            return low[: -len(ending)]
    return low


def _space(texts: Sequence[str], seed: int) -> Any:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union

    terms = make_union(
        TfidfVectorizer(min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True),
    )
    return make_pipeline(terms, TruncatedSVD(DIMENSIONS, random_state=seed)).fit(texts)
