"""A classifier of texts and pairs of texts for item sets: words, and for a pair how the second takes up the first.

Logistic regression over hashed words and some fifty numbers: how much of the claim comes back, and whether words that deny, doubt or hedge stand near it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from allegedly.formats.items import Item
from allegedly.systems import lexicon

WORD = re.compile(r"\w+(?:['’]\w+)?|[?!:\"“”‘’]")
REFUTING = frozenset(
    "fake hoax false fabricated untrue bogus debunk debunked debunks deny denies denied denying denial refute refutes refuted reject rejects rejected dismiss dismisses dismissed "
    "not no never nope n't cannot doubt doubts doubtful wrong lie lies lied liar myth mistaken misleading retract retracts retracted contrary despite fraud "
    "prank satire fooled unfounded baseless disprove disproven disproved scam nonsense rubbish satirical fictitious forgery photoshopped staged".split()
)
HEDGES = frozenset(
    "reportedly allegedly alleged claim claims claimed claiming rumor rumors rumored rumour rumours report reports reported may might could maybe possibly probably unconfirmed "
    "apparently suspected investigating investigate investigates whether said says say saying according appears seems believed purported purportedly unverified if would expected".split()
)
STOP = frozenset(
    "the a an of in on at to for and or is are was were be been by with from as that this it its his her their he she they has have had will".split()
)


def words(text: str) -> list[str]:
    """Lower-case words and marks."""
    return [w.lower().replace("’", "'") for w in WORD.findall(text)]


class Pairs:
    """Fitted on items, answers labels; the same seed gives the same model."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def fit(self, items: Sequence[Item]) -> Self:
        """Learn from labelled items."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        last = [i.texts[-1] for i in items]
        self._terms = TfidfVectorizer(
            tokenizer=words, token_pattern=None, ngram_range=(1, 2), min_df=2, sublinear_tf=True
        )
        self._scaler = StandardScaler()
        sparse = self._terms.fit_transform(last)
        dense = self._scaler.fit_transform(np.array([numbers(i) for i in items]))
        self._model = LogisticRegression(C=0.6, max_iter=2000, class_weight="balanced", random_state=self._seed)
        self._model.fit(self._joined(sparse, dense), [i.label for i in items])
        return self

    @staticmethod
    def _joined(sparse: Any, dense: Any) -> Any:
        from scipy.sparse import csr_matrix, hstack

        return hstack([sparse * 2.0, csr_matrix(dense * 0.5)]).tocsr()

    def predict(self, items: Sequence[Item]) -> list[str]:
        """The label of each item."""
        dense = self._scaler.transform(np.array([numbers(i) for i in items]))
        return [
            str(x)
            for x in self._model.predict(self._joined(self._terms.transform([i.texts[-1] for i in items]), dense))
        ]


def numbers(item: Item) -> list[float]:
    """What a pair is described by beside its words; a single text is a pair with nothing."""
    claim = words(item.texts[0]) if len(item.texts) > 1 else []
    text = words(item.texts[-1])[:120]
    key = [w for w in claim if w not in STOP and w.isalnum()]
    stems = {_stem(w) for w in key}
    hit = [_stem(w) in stems for w in text]
    refuting = [w in REFUTING or w.endswith("n't") for w in text]
    hedged = [w in HEDGES for w in text]
    claim_refutes = sum(w in REFUTING or w.endswith("n't") for w in claim)
    found = {_stem(w) for w in text} & stems
    share = len(found) / max(len(stems), 1)
    bigrams = set(itertools.pairwise(map(_stem, key)))
    content = [_stem(w) for w in text if w not in STOP and w.isalnum()]
    common = bigrams & set(itertools.pairwise(content))
    at = [n for n, h in enumerate(hit) if h]
    near = [min((abs(n - m) for m in at), default=30) for n, r in enumerate(refuting) if r]
    near_hedge = [min((abs(n - m) for m in at), default=30) for n, h in enumerate(hedged) if h]
    first_hit = at[0] if at else 30
    return [
        share, len(common) / max(len(bigrams), 1), len(found), len(text), len(claim), len(text) - len(claim),
        float(any(refuting)), float(sum(refuting)), float(claim_refutes > 0), float((sum(refuting) > 0) != (claim_refutes > 0)),
        float(any(hedged)), float(sum(hedged)), float("?" in text), float(text[-1:] == ["?"]), float(any(w in '"“‘' for w in text)), float(":" in text),
        min(near, default=40) / 10, min(near_hedge, default=40) / 10,
        float(any(r and (n < first_hit) for n, r in enumerate(refuting))), float(any(h and (n < first_hit) for n, h in enumerate(hedged))),
        float(any(refuting[:3])), float(any(hedged[:3])), float(any(refuting[-3:])), float(any(hedged[-3:])),
        share * float(any(refuting)), share * float(any(hedged)), float(text[:1] == ["no"]), float("not" in text or any(w.endswith("n't") for w in text)),
        float(any(lexicon.word_class(w).startswith("deny") for w in text)), float(len({w for w in text if w.isdigit()} - set(claim))),
        float(bool([w for w in claim if w.isdigit()]) and not {w for w in claim if w.isdigit()} & set(text)),
        float(first_hit), len([w for w in content if w not in stems]) / max(len(content), 1),
    ]  # fmt: skip


def _stem(word: str) -> str:
    for ending in ("'s", "ing", "ies", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
