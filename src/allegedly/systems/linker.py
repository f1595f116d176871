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


class Least(NamedTuple):
    """Log odds that are enough: for a claim to have a cue, a cue a source, and a cue or source that nobody chose to be given to one."""

    cue: float = -1.0
    source: float = -1.5
    left_over: float = -3.0


#: In some corpora almost every claim has a cue and every cue is for something, in others many have none.
CHOICES = tuple(
    Least(cue, source, left) for cue in (-1.0, -2.0, -6.0) for source in (-0.5, -1.5) for left in (-1.0, -3.0, -10.0)
)
LEAST_LONE = -0.5  # for a claim without a cue to have a source


class Linker:
    """Claim to cue, cue to source, and, where there is no cue, claim to source."""

    names = ("claim_cue", "cue_source", "claim_source")

    def __init__(self) -> None:
        self.scorers = {name: Scorer() for name in self.names}
        self.least = Least()

    def link(self, sums: Sums, units: Sequence[Tagged]) -> list[list[Tagged]]:
        """For each unit its attributions, each with the ranges of its roles."""
        return [_group(unit, odds, self.least) for unit, odds in zip(units, self._odds(sums, units), strict=True)]

    def choose(self, sums: Sums, trees: Sequence[list[Tagged]]) -> None:
        """Set `least` to what gets most of the training attributions right from their own stretches."""
        units = [Tagged(*(sorted({r for t in tree for r in t[role]}) for role in range(3))) for tree in trees]
        odds = self._odds(sums, units)
        gold = [{_key(t) for t in tree} for tree in trees]

        def right(least: Least) -> int:
            found = (_group(unit, some, least) for unit, some in zip(units, odds, strict=True))
            return sum(len(g & {_key(t) for t in made}) for g, made in zip(gold, found, strict=True))

        if units:
            self.least = max(CHOICES, key=right)

    def _odds(self, sums: Sums, units: Sequence[Tagged]) -> list[tuple[Odds, Odds, Odds]]:
        sides = (("claim_cue", 2, 1), ("cue_source", 1, 0), ("claim_source", 2, 0))
        columns = []
        for name, left, right in sides:
            pairs = [near(unit[left], unit[right]) for unit in units]
            flat = [p for some in pairs for p in some]
            scores = iter(self.scorers[name].scores(pair_features(sums, flat)).tolist())
            columns.append([{p: next(scores) for p in some} for some in pairs])
        return list(zip(*columns, strict=True))


def _key(tagged: Tagged) -> tuple[tuple[Range, ...], ...]:
    return tuple(tuple(sorted(ranges)) for ranges in tagged)


def _group(unit: Tagged, odds: tuple[Odds, Odds, Odds], least: Least) -> list[Tagged]:
    """Claims that share a cue become one claim of several spans; a claim without a cue keeps its own source."""
    claim_cue, cue_source, claim_source = odds
    cue_of = _choose(unit.claim, unit.cue, claim_cue, least.cue, least.left_over)
    by_cue: dict[Range, list[Range]] = {}
    for claim in unit.claim:
        if claim in cue_of:
            by_cue.setdefault(cue_of[claim], []).append(claim)
    source_of = _choose(list(by_cue), unit.source, cue_source, least.source, least.left_over)
    made = [Tagged([source_of[c]] if c in source_of else [], [c], sorted(claims)) for c, claims in by_cue.items()]
    last: list[Range] = []
    for claim in unit.claim:
        if claim not in cue_of:
            score, source = max(((claim_source.get((claim, s), NEVER), s) for s in unit.source), default=(NEVER, None))
            last = [source] if source and score > LEAST_LONE else last
            made.append(Tagged(list(last), [], [claim]))
    return made


def _choose(left: list[Range], right: list[Range], odds: Odds, least: float, left_over: float) -> dict[Range, Range]:
    """One of `right` for each of `left`, or none below `least`. One of `right` that nobody would choose is given to the one of `left`
    that loses least by it, if its odds are above `left_over`: it was tagged, so it is mostly for something.
    """
    if not left or not right:
        return {}
    if len(left) == 1 or len(right) == 1:  # most are: the same answer, without a matrix
        ranked = [(odds.get((a, b), NEVER), a, b) for a in left for b in right]
        best, enough = max(ranked), [x for x in ranked if x[0] > least] if len(right) == 1 else []
        return {a: b for score, a, b in enough or [best] if score > min(least, left_over)}
    scores = np.array([[odds.get((a, b), NEVER) for a in left] for b in right])
    chosen: dict[Range, Range] = {}
    loss = np.maximum(scores.max(axis=0), least) - scores
    for row, column in zip(*linear_sum_assignment(loss), strict=True):
        if scores[row, column] > left_over:
            chosen[left[int(column)]] = right[int(row)]
    for i, a in enumerate(left):
        if a not in chosen and scores[:, i].max() > least:
            chosen[a] = right[int(scores[:, i].argmax())]
    return chosen
