"""AttributionF1: F1 of whole attributions, matched one to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Counts, Parametric, f1


@dataclass(frozen=True)
class AttributionF1(Parametric):
    """F1 of attributions. A match: `exact`, all spans equal; `overlap`, claims with character Jaccard ≥ 0.5, sources
    share a token, cues share a token; `triple50`, every role's tokens share at least half of the larger.
    """

    choices: ClassVar[tuple[str, ...]] = ("exact", "overlap", "triple50")

    def counts(self, comparison: Comparison) -> Counts:
        """[matched, predicted, gold]."""
        pairs = comparison.pairs(self.parameter)
        return np.array([len(pairs), len(comparison.predicted), len(comparison.gold)], dtype=float)

    def score(self, counts: Counts) -> Counts:
        """F1 of the sums."""
        return f1(counts[..., 0], counts[..., 1], counts[..., 2])
