"""Across corpora: item sets scored by cross-validation over their groups, and what each system reaches on each corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from allegedly.benchmark import run
from allegedly.evaluation import protocol
from allegedly.formats import ImportFailedError, Skipped
from allegedly.formats.items import SETS, Item, read_items
from allegedly.results import Result
from allegedly.scoring.statistics import Counts, Interval, interval
from allegedly.store import Corpus
from allegedly.systems import answers
from allegedly.systems.pairs import Pairs
from allegedly.tasks import TASKS

FOLDS = 10


class ItemScores(NamedTuple):
    """What a classifier reaches on an item set; `floor` always says the commonest label of its training folds."""

    name: str
    system: str
    items: int
    groups: int
    accuracy: Interval
    f1: dict[str, Interval]
    skipped: int
    reasons: tuple[Skipped, ...] = ()

    @property
    def macro(self) -> float:
        """The mean F1 over labels."""
        return float(np.mean([i.value for i in self.f1.values()]))


def is_items(given: str) -> bool:
    """Whether `NAME=PATH` names an item set."""
    return given.partition("=")[0] in SETS and "=" in given


def score_items(given: str, seed: int = 0, draws: int = 2000) -> list[ItemScores]:
    """Score the pair classifier and the majority floor on `NAME=PATH`, in ten folds that cut no group; intervals over groups.

    ImportFailedError where there is too little to learn from.
    """
    name, _, path = given.partition("=")
    found = read_items(name, Path(path))
    items = found.items
    if len({i.group for i in items}) < 2:
        raise ImportFailedError(
            f"{path}: expected items of two groups at least: no fold may cut a group, and one alone leaves none to learn from"
        )
    said = {"majority": [""] * len(items), "pairs": [""] * len(items)}
    for train, test in _folds(items, seed):
        seen = [items[i] for i in train]
        common = max(found.labels, key=lambda label: sum(i.label == label for i in seen))
        for i in test:
            said["majority"][i] = common
        try:
            predicted = Pairs(seed).fit(seen).predict([items[i] for i in test])
        except ValueError as error:  # scikit-learn's own: one label alone, or no word twice
            raise ImportFailedError(
                f"{path}: {len(seen)} of {len(items)} items are too few to learn from: {error}"
            ) from None
        for i, label in zip(test, predicted, strict=True):
            said["pairs"][i] = label
    return [
        _scores(name, system, items, given_labels, found.labels, len(found.skipped), draws, seed)._replace(
            reasons=tuple(found.skipped)
        )
        for system, given_labels in said.items()
    ]


def _folds(items: Sequence[Item], seed: int) -> list[tuple[list[int], list[int]]]:
    groups = sorted({i.group for i in items})
    order = np.random.default_rng(seed).permutation(len(groups))
    fold = {groups[g]: n % FOLDS for n, g in enumerate(order)}
    parts = [[n for n, i in enumerate(items) if fold[i.group] == k] for k in range(min(FOLDS, len(groups)))]
    return [([n for other in parts if other is not part for n in other], part) for part in parts if part]


def _scores(
    name: str, system: str, items: Sequence[Item], answers: Sequence[str], labels: tuple[str, ...], skipped: int, draws: int, seed: int
) -> ItemScores:  # fmt: skip
    groups = {g: n for n, g in enumerate(sorted({i.group for i in items}))}
    size = len(labels)
    counts = np.zeros((len(groups), size * size))
    for item, answer in zip(items, answers, strict=True):
        counts[groups[item.group], labels.index(item.label) * size + labels.index(answer)] += 1

    def accuracy(c: Counts) -> Counts:
        table = c.reshape(*c.shape[:-1], size, size)
        right: Counts = np.trace(table, axis1=-2, axis2=-1) / np.maximum(table.sum((-2, -1)), 1)
        return right

    def f1(at: int) -> Interval:
        def score(c: Counts) -> Counts:
            table = c.reshape(*c.shape[:-1], size, size)
            both = table[..., at, :].sum(-1) + table[..., :, at].sum(-1)
            return np.where(both > 0, 2 * table[..., at, at] / np.maximum(both, 1), 0.0)

        return interval(counts, score, draws=draws, seed=seed)

    return ItemScores(
        name, system, len(items), len(groups), interval(counts, accuracy, draws=draws, seed=seed),
        {label: f1(n) for n, label in enumerate(labels)}, skipped,
    )  # fmt: skip


def rows(
    corpus: Corpus, systems: Sequence[str], tasks: Sequence[str] | None, *, split: str | None, train: Corpus | None, seed: int, jobs: int
) -> tuple[list[Result], list[str]]:  # fmt: skip
    """Every system on one corpus, and what raised. Where one raises altogether they run one by one, so that it leaves a gap of its own."""
    for system in systems:  # an unknown name is the user's mistake, no failure of a system
        answers(system, TASKS[0])
    problems: list[str] = []
    try:
        found = run(corpus, systems, tasks, split=split, train=train, seed=seed, jobs=jobs)
    except Exception:
        protocol(corpus, split, train=train)  # and a corpus without anything to score is an error of its own
        found = []
        for system in systems:
            try:
                found += run(corpus, [system], tasks, split=split, train=train, seed=seed, jobs=jobs)
            except Exception as error:
                problems.append(f"left out: {system} raised {type(error).__name__}: {error}"[:300])
    problems += [f"warning: {r.system} raised on {r.task} {failure}" for r in found for failure in r.failed]
    return found, problems


def grid(found: Mapping[str, Sequence[Result]]) -> dict[str, dict[str, dict[str, Result]]]:
    """By task, system and corpus: the ranked rows of several corpora, for a table across them."""
    made: dict[str, dict[str, dict[str, Result]]] = {}
    for corpus, results in found.items():
        for r in results:
            if r.rank:
                made.setdefault(r.task, {}).setdefault(r.system, {})[corpus] = r
    return made
