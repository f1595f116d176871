"""SourceF1, CueF1, ClaimF1: F1 of one role's mentions, each counted once however many attributions share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from allegedly.match import Mention, jaccard, match_mentions, share_token
from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Counts, Parametric, f1


def _same(left: Mention, right: Mention) -> bool:
    return left.spans == right.spans


def _half(left: Mention, right: Mention) -> bool:
    return jaccard(left, right) >= 0.5


@dataclass(frozen=True)
class RoleF1(Parametric):
    """F1 of a role's mentions. `exact`: all spans equal; `overlap`: a shared token (claims: Jaccard ≥ 0.5);
    `fragment`: contiguous spans with equal start and end, as most of the literature counts.
    """

    choices: ClassVar[tuple[str, ...]] = ("exact", "overlap", "fragment")
    role: ClassVar[str] = ""

    def counts(self, comparison: Comparison) -> Counts:
        """[matched, predicted, gold]."""
        if self.parameter == "fragment":
            left, right = (
                {(s.start, s.end) for a in side for s in a.roles[self.role]}
                for side in (comparison.gold, comparison.predicted)
            )
            return np.array([len(left & right), len(right), len(left)], dtype=float)
        gold, predicted = (comparison.mentions(self.role, gold=gold) for gold in (True, False))
        allowed = _same if self.parameter == "exact" else _half if self.role == "claim" else share_token
        return np.array([len(match_mentions(gold, predicted, allowed)), len(predicted), len(gold)], dtype=float)

    def score(self, counts: Counts) -> Counts:
        """F1 of the sums."""
        return f1(counts[..., 0], counts[..., 1], counts[..., 2])


class SourceF1(RoleF1):
    """F1 of source mentions."""

    role: ClassVar[str] = "source"


class CueF1(RoleF1):
    """F1 of cues."""

    role: ClassVar[str] = "cue"


class ClaimF1(RoleF1):
    """F1 of claims."""

    role: ClassVar[str] = "claim"
