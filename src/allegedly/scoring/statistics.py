"""Uncertainty from count vectors: bootstrap intervals and paired tests over stories, not over items.

Articles about one event are not independent, so whole stories are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Score = Callable[[Counts], Counts]


@dataclass(frozen=True)
class Interval:
    """A score with the 2.5th and 97.5th percentile of its bootstrap distribution."""

    value: float
    low: float
    high: float


def interval(counts: Counts, score: Score, *, draws: int = 2000, seed: int = 0) -> Interval:
    """Percentile bootstrap (Efron & Tibshirani 1993) of a score over stories.

    `counts` has shape (stories, K). Drawing stories with replacement is a multinomial weight on each.
    """
    value = float(score(counts.sum(axis=0)))
    stories = len(counts)
    if stories == 0 or draws == 0:
        return Interval(value, float("nan"), float("nan"))
    weights = np.random.default_rng(seed).multinomial(stories, np.full(stories, 1.0 / stories), size=draws)
    low, high = np.percentile(score(weights.astype(float) @ counts), [2.5, 97.5])
    return Interval(value, float(low), float(high))


def difference(left: Counts, right: Counts, score: Score, *, draws: int = 2000, seed: int = 0) -> Interval:
    """The difference of two systems' scores with its percentile bootstrap interval: both on the same drawn stories."""
    value = float(score(left.sum(axis=0)) - score(right.sum(axis=0)))
    stories = len(left)
    if stories == 0 or draws == 0:
        return Interval(value, float("nan"), float("nan"))
    weights = (
        np.random.default_rng(seed).multinomial(stories, np.full(stories, 1.0 / stories), size=draws).astype(float)
    )
    low, high = np.percentile(score(weights @ left) - score(weights @ right), [2.5, 97.5])
    return Interval(value, float(low), float(high))


def paired_p(left: Counts, right: Counts, score: Score, *, draws: int = 2000, seed: int = 0) -> float:
    """Two-sided p of the difference of two systems, by approximate randomization (Noreen 1989) over stories.

    Null hypothesis: the systems are exchangeable on every story. `left` and `right` have shape (stories, K); in each
    draw every story's vectors change sides with probability one half. One is added to both counts (Phipson & Smyth 2010).
    """
    observed = abs(float(score(left.sum(axis=0)) - score(right.sum(axis=0))))
    swap = np.random.default_rng(seed).integers(0, 2, size=(draws, len(left))).astype(float)
    change = swap @ (right - left)
    difference = np.abs(score(left.sum(axis=0) + change) - score(right.sum(axis=0) - change))
    return float((1 + np.count_nonzero(difference >= observed - 1e-12)) / (1 + draws))


def holm(p: Sequence[float]) -> list[float]:
    """P values adjusted for being several (Holm 1979, step-down): the family-wise error stays below alpha; each is at most 1."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted = [1.0] * len(p)
    least = 0.0
    for place, i in enumerate(order):
        least = max(least, min(1.0, (len(p) - place) * p[i]))
        adjusted[i] = least
    return adjusted


def ranks(values: list[float], differ: Callable[[int, int], bool]) -> list[int]:
    """Ranks with ties, best first: a system shares the rank of its group's best unless the test says they differ.

    `values` are larger-is-better; `differ(i, j)` says whether two systems' paired test finds a difference.
    """
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))
    given = [0] * len(values)
    leader = -1
    for place, system in enumerate(order, 1):
        if leader < 0 or differ(leader, system):
            leader, rank = system, place
        given[system] = rank
    return given
