"""Linking tagged stretches: which cue and which source belong to a claim, by logistic regression over pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from allegedly.systems.reading import Batch

NEAR = 60  # tokens between two stretches that may belong together
Range = tuple[int, int]
Pair = tuple[Range, Range]


class Tagged(NamedTuple):
    """The stretches found in one unit, as token ranges of the batch."""

    source: list[Range]
    cue: list[Range]
    claim: list[Range]


class Sums:
    """Running counts over a batch's tokens, so that what lies between two stretches is a subtraction."""

    def __init__(self, batch: Batch) -> None:
        self.sentence = batch.sentence
        stop, mark = batch.column("stop"), batch.column("mark")
        self.classes = batch.column("class")
        self.cue = batch.column("cue")
        columns = [stop == 1, stop == 2, (mark > 0) & (mark < 4), batch.column("cue") == 1, batch.column("that") == 1]
        self.totals = [np.concatenate([[0], np.cumsum(c)]) for c in columns]


def pair_features(sums: Sums, pairs: Sequence[Pair]) -> Any:
    """A dense matrix, one row a pair."""
    if not pairs:
        return np.zeros((0, WIDTH), np.float32)
    table = np.array([(a[0], a[1], b[0], b[1]) for a, b in pairs], np.int64)
    a0, a1, b0, b1 = table.T
    before = b1 <= a0
    low, high = np.where(before, b1, a1), np.where(before, a0, b0)
    gap = np.maximum(high - low, 0)
    high = np.maximum(low, high)
    same = sums.sentence[a0] == sums.sentence[b0]
    touching = sums.sentence[np.maximum(a1 - 1, 0)] == sums.sentence[b0]
    columns: list[Any] = [before, same, touching, before & same, ~before & touching, np.log1p(gap), gap == 0]
    columns += [(gap > 0) & (gap <= 2), (gap > 2) & (gap <= 6), gap > 15, np.log1p(a1 - a0), np.log1p(b1 - b0)]
    for total in sums.totals:
        between = np.minimum(total[high] - total[low], 3)
        columns += [between == 0, between]
        columns += [(between == 0) & before, (between == 0) & ~before]
    columns += [sums.cue[b0] == 1, (sums.cue[b0] == 1) & before]
    kinds = sums.classes[b0] % 16
    columns += [kinds == k for k in range(16)]
    return np.stack([np.asarray(c, np.float32) for c in columns], 1)


WIDTH = 12 + 5 * 4 + 2 + 16


class Scorer:
    """A logistic regression over pairs. Before it is fitted, near is likely."""

    def __init__(self) -> None:
        self.weights = np.zeros(WIDTH, np.float64)
        self.weights[1], self.weights[5] = 2.0, -1.0
        self.bias = 0.0

    def fit(self, features: Any, right: Sequence[bool]) -> None:
        """Learn from pairs and whether they belong together."""
        if len(set(right)) < 2:
            return
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1.0, max_iter=300).fit(features, np.array(right))
        self.weights, self.bias = model.coef_[0].astype(np.float64), float(model.intercept_[0])

    def scores(self, features: Any) -> Any:
        """Log odds of each pair."""
        return features @ self.weights + self.bias


def near(claims: Sequence[Range], others: Sequence[Range]) -> list[Pair]:
    """The pairs worth a look."""
    return [(a, b) for a in claims for b in others if max(b[0] - a[1], a[0] - b[1]) <= NEAR]


class Linker:
    """Claim to cue, cue to source, and, where there is no cue, claim to source."""

    names = ("claim_cue", "cue_source", "claim_source")

    def __init__(self) -> None:
        self.scorers = {name: Scorer() for name in self.names}

    def link(self, sums: Sums, units: Sequence[Tagged]) -> list[list[Tagged]]:
        """For each unit its attributions, each with the ranges of its roles."""
        best = {
            name: self._best(name, sums, units, left, right)
            for name, left, right in (
                ("claim_cue", "claim", "cue"),
                ("cue_source", "cue", "source"),
                ("claim_source", "claim", "source"),
            )
        }
        return [_group(unit, best) for unit in units]

    def _best(
        self, name: str, sums: Sums, units: Sequence[Tagged], left: str, right: str
    ) -> dict[Range, tuple[Range, float]]:
        pairs = [p for unit in units for p in near(getattr(unit, left), getattr(unit, right))]
        found: dict[Range, tuple[Range, float]] = {}
        for (a, b), score in zip(pairs, self.scorers[name].scores(pair_features(sums, pairs)).tolist(), strict=True):
            if a not in found or score > found[a][1]:
                found[a] = (b, score)
        return found


def _group(unit: Tagged, best: dict[str, dict[Range, tuple[Range, float]]]) -> list[Tagged]:
    """Claims that share a cue become one claim of several spans; a claim without a cue keeps its own source."""
    by_cue: dict[Range, list[Range]] = {}
    alone: list[Range] = []
    for claim in unit.claim:
        cue, score = best["claim_cue"].get(claim, ((0, 0), -9.0))
        if score > -1.0:
            by_cue.setdefault(cue, []).append(claim)
        else:
            alone.append(claim)
    made: list[Tagged] = []
    for cue, claims in by_cue.items():
        source, score = best["cue_source"].get(cue, ((0, 0), -9.0))
        made.append(Tagged([source] if score > -0.5 else [], [cue], sorted(claims)))
    last: list[Range] = []
    for claim in alone:
        source, score = best["claim_source"].get(claim, ((0, 0), -9.0))
        last = [source] if score > -0.5 else last
        made.append(Tagged(list(last), [], [claim]))
    return made
