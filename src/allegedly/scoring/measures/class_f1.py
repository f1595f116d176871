"""MacroF1, StanceF1, F1(label): per-class F1 of labelled items, and their means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Base, Counts, Parametric, f1


def _counts(comparison: Comparison, labels: tuple[str, ...]) -> Counts:
    """[hits, predicted, gold] of each label in turn. A missing prediction is of no class."""
    table = np.zeros((len(labels), 3))
    for gold, predicted in comparison.labels:
        for row, label in enumerate(labels):
            table[row] += (gold == predicted == label, predicted == label, gold == label)
    return table.reshape(-1)


def _mean(counts: Counts) -> Counts:
    table = counts.reshape(*counts.shape[:-1], -1, 3)
    mean: Counts = f1(table[..., 0], table[..., 1], table[..., 2]).mean(axis=-1)
    return mean


@dataclass(frozen=True)
class MacroF1(Base):
    """The mean of the F1 of all labels of the task."""

    def counts(self, comparison: Comparison) -> Counts:
        """[hits, predicted, gold] of each label."""
        return _counts(comparison, comparison.task.labels)

    def score(self, counts: Counts) -> Counts:
        """Mean F1."""
        return _mean(counts)


@dataclass(frozen=True)
class StanceF1(Base):
    """The mean of assert-F1 and deny-F1, over all items (those whose answer is none are items too)."""

    def counts(self, comparison: Comparison) -> Counts:
        """[hits, predicted, gold] of assert and of deny."""
        return _counts(comparison, ("assert", "deny"))

    def score(self, counts: Counts) -> Counts:
        """Mean F1."""
        return _mean(counts)


@dataclass(frozen=True)
class F1(Parametric):
    """The F1 of one label."""

    choices: ClassVar[tuple[str, ...]] = (
        *("assert", "deny", "none"),
        *("attributed", "narrator"),
        *("same", "opposed", "unrelated"),
    )

    def counts(self, comparison: Comparison) -> Counts:
        """[hits, predicted, gold]."""
        return _counts(comparison, (self.parameter,))

    def score(self, counts: Counts) -> Counts:
        """F1 of the sums."""
        return _mean(counts)
