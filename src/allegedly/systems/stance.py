"""The stance classifier: a logistic regression over the cue's words, their classes, negation and the claim's start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from allegedly.schema import Article, Attribution
from allegedly.systems import judge, lexicon
from allegedly.systems.rules import negation_before, words_in
from allegedly.tasks import Label

BITS = 14


def describe(article: Article, attribution: Attribution) -> list[str]:
    """What the classifier is told of an attribution. Classes before words, so that a cue it never saw is no stranger."""
    cue = [w.lower() for w in words_in(article, attribution.cue.spans)]
    before = negation_before(article, attribution)
    claim = [w.lower() for w in words_in(article, attribution.claim.spans[:1])[:4]]
    said = [f"rule={judge.stance(cue, before)}", f"empty={not cue}", f"sourceless={not attribution.source.spans}"]
    for word in cue:
        lemma = lexicon.LEMMA.get(word, word)
        said += [f"class={lexicon.word_class(word)[:12]}", f"verb={lexicon.VERB_CLASS.get(word, '')}", f"lemma={lemma}"]
        said += [f"noun={lexicon.NOUN_CLASS.get(word, '')}", f"false={word in lexicon.FALSITY}"]
    negated = any(w in lexicon.NEGATION for w in (*cue, *before))
    said += [f"negated={negated}", f"negated-class={negated}{'+'.join(lexicon.VERB_CLASS.get(w, '') for w in cue)}"]
    said += [f"claim={claim[0] if claim else ''}", f"cue={' '.join(cue)}", f"spans={len(attribution.cue.spans)}"]
    end = attribution.claim.spans[-1].end
    said.append(f"question={article.text[end : end + 1] == '?' or article.text[end - 1 : end] == '?'}")
    return said


class StanceModel:
    """Multinomial logistic regression over hashed descriptions; the lexicon's stance until it is fitted."""

    def __init__(self) -> None:
        self.classes: list[str] = []
        self.weights = np.zeros((0, 1 << BITS))
        self.bias = np.zeros(0)

    def fit(self, articles: Sequence[Article]) -> None:
        """Learn from annotated articles."""
        items = [(a, x) for a in articles for x in a.attributed]
        gold = [x.stance for _, x in items]
        if len(set(gold)) < 2:
            return
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1.0, max_iter=500, class_weight="balanced").fit(_hash(items), gold)
        self.classes = [str(c) for c in model.classes_]
        self.weights, self.bias = model.coef_, model.intercept_
        if len(self.classes) == 2:
            self.weights, self.bias = np.vstack([-self.weights, self.weights]) / 2, np.r_[-self.bias, self.bias] / 2

    def predict(self, items: Sequence[tuple[Article, Attribution]]) -> list[Label]:
        """Stance and probability of each attribution."""
        if not items:
            return []
        if not self.classes:
            return [
                Label(judge.stance([w.lower() for w in words_in(a, x.cue.spans)], negation_before(a, x)))
                for a, x in items
            ]
        chances = self.chances(items)
        return [Label(self.classes[int(i)], float(row[i])) for row, i in zip(chances, chances.argmax(1), strict=True)]

    def chances(self, items: Sequence[tuple[Article, Attribution]]) -> Any:
        """The probability of each of `classes`, (items, classes); once fitted."""
        scores = _hash(items) @ self.weights.T + self.bias
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)


def _hash(items: Sequence[tuple[Article, Attribution]]) -> Any:
    from sklearn.feature_extraction import FeatureHasher

    hasher = FeatureHasher(n_features=1 << BITS, input_type="string", alternate_sign=False)
    return hasher.transform(describe(article, attribution) for article, attribution in items)
