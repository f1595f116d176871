"""StructureF1: attributions that are right as a whole, end to end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Base, Counts, f1


@dataclass(frozen=True)
class StructureF1(Base):
    """F1 of attributions; a hit is an overlap match whose stance and via are right too."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Stance and via."""
        return ("stance", "via")

    def counts(self, comparison: Comparison) -> Counts:
        """[right, predicted, gold]."""
        right = sum(
            comparison.agrees("stance", i, j) and comparison.agrees("via", i, j) for i, j in comparison.pairs("overlap")
        )
        return np.array([right, len(comparison.predicted), len(comparison.gold)], dtype=float)

    def score(self, counts: Counts) -> Counts:
        """F1 of the sums."""
        return f1(counts[..., 0], counts[..., 1], counts[..., 2])
