"""Linking tagged stretches: which cue and which source belong to a claim, by logistic regression over pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from allegedly.systems.reading import Batch

NEAR = 60  # tokens between two stretches that may belong together
Range = tuple[int, int]
Pair = tuple[Range, Range]
Odds = dict[Pair, float]
NEVER = -50.0  # log odds of stretches that are too far apart
#: Log odds under which a claim has no cue, a cue no source, a claim without cue no source. Where a stretch was tagged, it is mostly for
#: something: set on PolNeAR's development split.
LEAST_CUE, LEAST_SOURCE, LEAST_LONE = -6.0, -1.5, -0.5


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
        claim_cue = self._odds("claim_cue", sums, [(u.claim, u.cue) for u in units])
        cue_source = self._odds("cue_source", sums, [(u.cue, u.source) for u in units])
        claim_source = self._odds("claim_source", sums, [(u.claim, u.source) for u in units])
        return [_group(*given) for given in zip(units, claim_cue, cue_source, claim_source, strict=True)]

    def _odds(self, name: str, sums: Sums, units: Sequence[tuple[list[Range], list[Range]]]) -> list[dict[Pair, float]]:
        pairs = [near(left, right) for left, right in units]
        flat = [p for some in pairs for p in some]
        scores = iter(self.scorers[name].scores(pair_features(sums, flat)).tolist())
        return [{p: next(scores) for p in some} for some in pairs]


def _group(unit: Tagged, claim_cue: Odds, cue_source: Odds, claim_source: Odds) -> list[Tagged]:
    """Claims that share a cue become one claim of several spans; a claim without a cue keeps its own source."""
    cue_of = _choose(unit.claim, unit.cue, claim_cue, LEAST_CUE)
    by_cue: dict[Range, list[Range]] = {}
    for claim in unit.claim:
        if claim in cue_of:
            by_cue.setdefault(cue_of[claim], []).append(claim)
    source_of = _choose(list(by_cue), unit.source, cue_source, LEAST_SOURCE)
    made = [Tagged([source_of[c]] if c in source_of else [], [c], sorted(claims)) for c, claims in by_cue.items()]
    last: list[Range] = []
    for claim in unit.claim:
        if claim not in cue_of:
            score, source = max(((claim_source.get((claim, s), NEVER), s) for s in unit.source), default=(NEVER, None))
            last = [source] if source and score > LEAST_LONE else last
            made.append(Tagged(list(last), [], [claim]))
    return made


def _choose(left: list[Range], right: list[Range], odds: Odds, least: float) -> dict[Range, Range]:
    """One of `right` for each of `left`, or none below `least`; each of `right` is for something, so it gets one of `left` if any is near."""
    if not left or not right:
        return {}
    scores = np.array([[odds.get((a, b), NEVER) for a in left] for b in right])
    chosen: dict[Range, Range] = {}
    if len(right) > 1 or scores.max() <= least:
        loss = np.maximum(scores.max(axis=0), least) - scores
        for row, column in zip(*linear_sum_assignment(loss), strict=True):
            if scores[row, column] > NEVER:
                chosen[left[int(column)]] = right[int(row)]
    for i, a in enumerate(left):
        if a not in chosen and scores[:, i].max() > least:
            chosen[a] = right[int(scores[:, i].argmax())]
    return chosen
