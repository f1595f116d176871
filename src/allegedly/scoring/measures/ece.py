"""ECE: how far the probabilities of the predicted labels are from the share of them that is right, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Counts, Parametric, ratio
from allegedly.store import UnknownIdError


@dataclass(frozen=True)
class ECE(Parametric):
    """Expected calibration error in equal-width bins of the probability of the predicted label (Guo et al. 2017). Less is better.

    A missing probability is 1.0; a missing prediction is a wrong one of probability 1.0.
    """

    choices: ClassVar[tuple[str, ...]] = ()
    better: ClassVar[int] = -1

    def __post_init__(self) -> None:
        if not self.parameter.startswith("bins=") or not self.parameter[5:].isdigit() or int(self.parameter[5:]) < 1:
            raise UnknownIdError("parameter of ECE", self.parameter, ["bins=15"])

    def counts(self, comparison: Comparison) -> Counts:
        """[items, sum of probabilities, right] of each bin; the edges belong to the bin below."""
        bins = int(self.parameter[5:])
        table = np.zeros((bins, 3))
        for (gold, label), p in zip(comparison.labels, comparison.probabilities, strict=True):
            sure = 1.0 if p is None else p
            table[max(0, int(np.ceil(sure * bins)) - 1)] += (1, sure, label == gold)
        return table.reshape(-1)

    def score(self, counts: Counts) -> Counts:
        """Mean over items of the distance between probability and share right in their bin."""
        table = counts.reshape(*counts.shape[:-1], -1, 3)
        return ratio(np.abs(table[..., 1] - table[..., 2]).sum(axis=-1), table[..., 0].sum(axis=-1))
