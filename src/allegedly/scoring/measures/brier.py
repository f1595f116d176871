"""Brier: the mean squared error of the probability given to the predicted label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Base, Counts, ratio


@dataclass(frozen=True)
class Brier(Base):
    """Mean of (p - right)², where p is the probability of the predicted label; 1.0 if none is given. Less is better.

    A missing prediction counts 1. This is the top-label form (Brier 1950, binary: the predicted label or not).
    """

    better: ClassVar[int] = -1

    def counts(self, comparison: Comparison) -> Counts:
        """[sum of squared errors, items]."""
        errors = [
            1.0 if not label else ((1.0 if p is None else p) - (label == gold)) ** 2
            for (gold, label), p in zip(comparison.labels, comparison.probabilities, strict=True)
        ]
        return np.array([sum(errors), len(errors)], dtype=float)

    def score(self, counts: Counts) -> Counts:
        """Mean squared error."""
        return ratio(counts[..., 0], counts[..., 1])
