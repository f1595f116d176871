"""A linear-chain CRF over hashed features, in numpy: tags tokens as source, cue and claim.

Trained by AdaGrad on batches of whole units, decoded by Viterbi over many units at once. It knows labels and features
only; what the labels mean is for `linear`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

ROLES = ("source", "cue", "claim")
LABELS = ("O", *(f"{edge}-{role}" for role in ROLES for edge in "BI"))
N = len(LABELS)
#: An I may only follow the B or I of its own role; never starts a unit.
ILLEGAL = np.array([[b[0] == "I" and a[1:] != b[1:] for b in LABELS] for a in LABELS])
ILLEGAL_FIRST = np.array([label[0] == "I" for label in LABELS])
_NEVER = -1e4
_RATE, _DROPOUT = 0.02, 0.3


class Tagger:
    """The weights, and how they are learned and used. A unit is a run of rows of a feature matrix."""

    def __init__(
        self,
        bits: int,
        seed: int = 0,
        shrink: float = 1e-4,
        start: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:
        self.weights = np.zeros((1 << bits, N), np.float32)
        self.scale = np.ones(N, np.float32)
        self.transitions = np.zeros((N, N), np.float32)
        self.first = np.zeros(N, np.float32)
        self._seed, self._shrink = seed, shrink
        self._bonus = np.array([start[ROLES.index(x[2:])] if x[0] == "B" else 0 for x in LABELS], np.float32)

    def used(self) -> tuple[Any, Any]:
        """The rows that have weights, and these as they are saved, in 8 bits, times `scale`."""
        rows = np.flatnonzero(np.any(self.weights != 0, axis=1))
        return rows, np.round(self.weights[rows] / self.scale).astype(np.int8)

    def put(self, rows: Any, weights: Any, scale: Any) -> None:
        """Take weights in 8 bits: a model that was just fitted takes its own, so that one read back answers exactly as it."""
        self.weights[rows], self.scale = weights * scale, scale

    def scores(self, features: Iterable[Any], tokens: int) -> Any:
        """What each token's features, template by template, say for each label, before the neighbours are heard; (tokens, labels)."""
        total, part = np.zeros((2, tokens, N), np.float32)
        for column in features:
            total += np.take(self.weights, column, axis=0, out=part, mode="clip")  # "raise" copies `part`
        return total

    def decode(self, scores: Any, lengths: Any) -> Any:
        """The best legal label of each token."""
        scores = scores + self._bonus
        found = np.zeros(len(scores), np.int8)
        transitions = np.where(ILLEGAL, _NEVER, self.transitions).astype(np.float32)
        first = np.where(ILLEGAL_FIRST, _NEVER, self.first).astype(np.float32)
        for rows, real in _padded(lengths, 16384):
            found[rows[real]] = _viterbi(scores[rows], real, transitions, first)[real]
        return found

    def fit(self, features: Any, lengths: Any, gold: Any, epochs: int) -> None:
        """Learn from the features (tokens, templates), the units' lengths and the gold labels."""
        random = np.random.default_rng(self._seed)
        squares = np.full_like(self.weights, 1e-2)
        link_squares, first_squares = np.full((N, N), 1e-2), np.full(N, 1e-2)
        size = int(np.clip(len(gold) / 40, 600, 3000))
        step = _Touched(len(self.weights))
        chunks = list(_padded(lengths, size))
        mean = np.zeros_like(self.weights)
        means: list[Any] = []
        for epoch in range(epochs):
            rate = _RATE * (1 - 0.9 * epoch / epochs)
            for number in random.permutation(len(chunks)):
                rows, real = chunks[number]
                flat = rows[real]
                touched, matrix = step.of(features[flat], random)
                emissions = np.zeros((*rows.shape, N), np.float32)
                emissions[real] = matrix @ self.weights[touched]
                error, links, starts = _gradient(emissions, real, gold[rows], self.transitions, self.first)
                update = matrix.T @ error[real] + self._shrink * self.weights[touched]
                squares[touched] += update * update
                self.weights[touched] -= rate * update / np.sqrt(squares[touched])
                link_squares += links * links
                self.transitions -= (rate * links / np.sqrt(link_squares)).astype(np.float32)
                first_squares += starts * starts
                self.first -= (rate * starts / np.sqrt(first_squares)).astype(np.float32)
            if 2 * epoch >= epochs:  # the mean of the later epochs is steadier than the last
                mean += self.weights
                means.append((self.transitions.copy(), self.first.copy()))
        if means:
            mean /= np.float32(len(means))
            self.scale = np.maximum(np.abs(mean).max(axis=0) / np.float32(127), np.float32(1e-9))
            self.put(np.arange(len(mean)), np.round(mean / self.scale).astype(np.int8), self.scale)
            self.transitions = np.mean([m[0] for m in means], 0).astype(np.float32)
            self.first = np.mean([m[1] for m in means], 0).astype(np.float32)


def _matrix(features: Any, width: int) -> Any:
    n, templates = features.shape
    ones = np.ones(features.size, np.float32)
    return csr_matrix((ones, features.ravel(), np.arange(0, features.size + 1, max(templates, 1))[: n + 1]), (n, width))


class _Touched:
    """The rows of the weights that a batch touches, so that a step costs no more than its batch."""

    def __init__(self, width: int) -> None:
        self._seen = np.zeros(width, bool)
        self._local = np.zeros(width, np.int32)

    def of(self, features: Any, random: np.random.Generator) -> tuple[Any, Any]:
        """The touched rows, and the features as a matrix over them with some left out at random."""
        flat = features.ravel()
        self._seen[flat] = True
        touched = np.flatnonzero(self._seen)
        self._seen[flat] = False
        self._local[touched] = np.arange(len(touched))
        matrix = _matrix(self._local[features], len(touched))
        kept = random.random(len(flat), np.float32) >= _DROPOUT
        matrix.data = kept.astype(np.float32) / np.float32(1 - _DROPOUT)
        return touched, matrix


def _padded(lengths: Any, size: int) -> Iterator[tuple[Any, Any]]:
    """Units of like length together: row numbers (units, longest) and which of them are real; about `size` tokens."""
    starts = np.cumsum(lengths) - lengths
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    at = 0
    while at < len(order):
        upto, longest = at, 0
        while upto < len(order) and (upto == at or (upto - at + 1) * int(lengths[order[upto]]) <= size):
            longest = int(lengths[order[upto]])
            upto += 1
        units = order[at:upto]
        steps = np.arange(longest)
        real = steps[None, :] < lengths[units][:, None]
        yield np.where(real, starts[units][:, None] + steps[None, :], starts[units][:, None]), real
        at = upto


def _viterbi(scores: Any, real: Any, transitions: Any, first: Any) -> Any:
    units, longest, _ = scores.shape
    best = np.empty((longest, units, N), np.float32)
    best[0] = scores[:, 0] + first
    into = transitions[:, None, :]
    for t in range(1, longest):
        paths = best[t - 1].T[:, :, None] + into  # (from, units, to)
        best[t] = np.where(real[:, t, None], paths.max(0) + scores[:, t], best[t - 1])
    labels = np.zeros((units, longest), np.int8)
    last = best[-1].argmax(1)
    for t in range(longest - 1, 0, -1):
        labels[:, t] = last
        last = np.where(real[:, t], (best[t - 1] + transitions.T[last]).argmax(1), last)
    labels[:, 0] = last
    return labels


def _gradient(emissions: Any, real: Any, gold: Any, transitions: Any, first: Any) -> tuple[Any, Any, Any]:
    """Expected minus observed counts: of labels (units, longest, labels), of transitions, of first labels."""
    units, longest, _ = emissions.shape
    link = np.where(ILLEGAL, 0, np.exp(transitions))
    start = np.where(ILLEGAL_FIRST, 0, np.exp(first))
    likely = np.exp(emissions - emissions.max(2, keepdims=True))
    forward = np.empty((longest, units, N))
    backward = np.empty((longest, units, N))
    alpha = likely[:, 0] * start + 1e-30
    forward[0] = alpha / alpha.sum(1, keepdims=True)
    for t in range(1, longest):
        alpha = (forward[t - 1] @ link) * likely[:, t] + 1e-30
        forward[t] = alpha / alpha.sum(1, keepdims=True)
    beta = np.ones((units, N))
    backward[-1] = beta
    for t in range(longest - 1, 0, -1):
        beta = np.where(real[:, t, None], (likely[:, t] * backward[t]) @ link.T, 1.0)
        backward[t - 1] = beta / beta.max(1, keepdims=True)
    posterior = forward * backward
    posterior /= posterior.sum(2, keepdims=True)
    observed = np.eye(N)[gold]
    error = (posterior.transpose(1, 0, 2) - observed) * real[:, :, None]
    links = np.zeros((N, N))
    if longest > 1:
        ahead = likely.transpose(1, 0, 2)[1:] * backward[1:]
        total = np.einsum("tui,ij,tuj->tu", forward[:-1], link, ahead, optimize=True)
        weight = np.where(real.T[1:], 1 / np.maximum(total, 1e-30), 0)
        links = link * ((forward[:-1] * weight[:, :, None]).reshape(-1, N).T @ ahead.reshape(-1, N))
        pairs = real[:, 1:]
        np.subtract.at(links, (gold[:, :-1][pairs], gold[:, 1:][pairs]), 1)
    return error.astype(np.float32), links, error[:, 0].sum(0)
