"""StanceAccuracy(matched), ViaAccuracy(matched): how often a field is right on attributions that were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Counts, Parametric, ratio


@dataclass(frozen=True)
class MatchedAccuracy(Parametric):
    """Share of overlap-matched attributions whose field is right; 0 where nothing is matched."""

    choices: ClassVar[tuple[str, ...]] = ("matched",)
    field: ClassVar[str] = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """The field."""
        return (self.field,)

    def counts(self, comparison: Comparison) -> Counts:
        """[right, matched]."""
        pairs = comparison.pairs("overlap")
        return np.array([sum(comparison.agrees(self.field, i, j) for i, j in pairs), len(pairs)], dtype=float)

    def score(self, counts: Counts) -> Counts:
        """Right over matched."""
        return ratio(counts[..., 0], counts[..., 1])


class StanceAccuracy(MatchedAccuracy):
    """Share of matched attributions with the gold stance."""

    field: ClassVar[str] = "stance"


class ViaAccuracy(MatchedAccuracy):
    """Share of matched attributions whose via points at what the gold via is matched to (null = null)."""

    field: ClassVar[str] = "via"
