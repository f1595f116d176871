"""How often each word of the training articles stands in a cue, and in a source, in a few steps: what a small corpus can say of a word."""

from __future__ import annotations

from typing import Any

import numpy as np

from allegedly.systems.tagger import ROLES

STEPS = np.array([0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.8])
LEAST = 4  # times that a word must have been seen
TAUGHT = ("cue", "source")
Columns = tuple[Any, ...]


class Priors:
    """For each word, by its code, one step a role; 0 for a word that was seen too seldom."""

    def __init__(self) -> None:
        self.codes = np.zeros(0, np.uint32)
        self.counts = np.zeros((0, 1 + len(TAUGHT)), np.float32)

    def fit(self, words: Any, labels: Any) -> Columns:
        """Count; gives the steps of the training tokens themselves, each without its own label (else rare words would tell their answers)."""
        self.codes, at = np.unique(words, return_inverse=True)
        roles = [np.isin(labels, (1 + 2 * ROLES.index(r), 2 + 2 * ROLES.index(r))) for r in TAUGHT]
        self.counts = np.stack([np.bincount(at, w, len(self.codes)) for w in (np.ones(len(words)), *roles)], 1).astype(
            np.float32
        )
        seen = self.counts[at]
        return tuple(_step(seen[:, 1 + n] - r, seen[:, 0] - 1) for n, r in enumerate(roles))

    def of(self, words: Any) -> Columns:
        """The steps of some words, an array a role."""
        if not len(self.codes):
            return tuple(np.zeros(len(words), np.uint32) for _ in TAUGHT)
        at = np.minimum(np.searchsorted(self.codes, words), len(self.codes) - 1)
        seen = np.where((self.codes[at] == words)[:, None], self.counts[at], 0)
        return tuple(_step(seen[:, 1 + n], seen[:, 0]) for n in range(len(TAUGHT)))


def _step(hits: Any, total: Any) -> Any:
    share = hits / np.maximum(total, 1)
    return np.where(total < LEAST, 0, 1 + np.searchsorted(STEPS, share, "right")).astype(np.uint32)
