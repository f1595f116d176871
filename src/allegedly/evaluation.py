"""Evaluation: which articles are trained on and scored, and the counts of one system on one task. It prints nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allegedly.schema import AllegedlyError, Article
from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Counts, Measure, parse_measure
from allegedly.scoring.signature import Signature
from allegedly.scoring.statistics import Interval, interval
from allegedly.store import Corpus, UnknownIdError
from allegedly.tasks import TASKS, Predictions, Task, get_task

#: Bootstrap draws, and draws of the paired test.
DRAWS = 2000
#: Most folds of a cross-validation.
FOLDS = 5
SPLITS = ("train", "validation", "test", "external")


class NothingToScoreError(AllegedlyError, ValueError):
    """A corpus or split without articles, or without the annotation that a task needs."""


Fold = tuple[tuple[Article, ...], tuple[Article, ...]]


@dataclass(frozen=True)
class Protocol:
    """How training and scored articles are chosen. `name` and `corpus` stand in the signature; `train` says what is learnt from."""

    name: str
    folds: tuple[Fold, ...]
    corpus: str = ""
    train: str = ""

    @property
    def articles(self) -> list[Article]:
        """The articles that are scored."""
        return [article for _, test in self.folds for article in test]


def protocol(
    corpus: Corpus, split: str | None = None, *, train: Corpus | None = None, fraction: float = 1.0, seed: int = 0
) -> Protocol:
    """Train on train, score a held-out split: test, else validation. A corpus with train alone is cross-validated by story,
    leaving one out at a time where there are few, else a fifth. `external` articles are scored by a system trained on train.

    `train` is another corpus to learn from. Of the training stories a `fraction` is kept (at least one), smaller ones inside larger ones.
    NothingToScoreError where there is nothing to learn from or to score.
    """
    name, folds = _folds(corpus, split, tuple((train or corpus).annotated("train")), crossed=train is None)
    if fraction < 1:
        folds = tuple((_part(learnt, fraction, seed), test) for learnt, test in folds)
    origin = (train or corpus).label
    learnt = "+".join(f"{len(one)}" for one, _ in folds)
    return Protocol(name, folds, corpus.label_of(name), f"{(train or corpus).info.name}:{origin}:{learnt} articles")


def _folds(
    corpus: Corpus, split: str | None, train: tuple[Article, ...], *, crossed: bool
) -> tuple[str, tuple[Fold, ...]]:
    for name in [split] if split else ["test", "validation"]:
        if name != "train" and (test := tuple(corpus.annotated(name))):
            return name, ((train, test),)
    if split not in (None, *SPLITS):
        raise UnknownIdError("split", str(split), SPLITS)
    if split not in (None, "train"):
        hint = "; `allegedly attach` brings texts that are not ours to ship" if split == "external" else ""
        raise NothingToScoreError(f"{corpus.root}: no annotated article (with its text) in split {split!r}{hint}")
    if not crossed:
        return "train", ((train, tuple(corpus.annotated("train"))),)
    stories = list(dict.fromkeys(a.story for a in train))
    if len(stories) < 2:
        raise NothingToScoreError(f"{corpus.root}: leave-one-story-out needs two annotated stories in split train")
    parts = [stories[n::FOLDS] for n in range(min(FOLDS, len(stories)))]
    folds = tuple(
        (tuple(a for a in train if a.story not in part), tuple(a for a in train if a.story in part)) for part in parts
    )
    few = len(stories) <= FOLDS
    return "train(leave-one-story-out)" if few else f"train({FOLDS}-fold-by-story)", folds


def _part(articles: tuple[Article, ...], fraction: float, seed: int) -> tuple[Article, ...]:
    """The articles of a fraction of the stories, drawn by a seeded hash so that smaller parts lie inside larger ones."""
    stories = sorted({a.story for a in articles}, key=lambda s: hashlib.sha256(f"{seed}:{s}".encode()).hexdigest())
    kept = set(stories[: max(1, round(fraction * len(stories)))])
    return tuple(a for a in articles if a.story in kept)


@dataclass(frozen=True)
class Evaluation:
    """Counts of one system on one task: for each measure an array of shape (stories, K)."""

    task: Task
    counts: dict[str, Counts]
    articles: int
    stories: int
    items: int
    missing: int

    @property
    def n(self) -> str:
        """The size, as it stands in signatures."""
        return f"{self.items} items/{self.articles} articles/{self.stories} stories"

    def score(self, measure: str, draws: int = DRAWS, seed: int = 0) -> Interval:
        """A measure's value and interval."""
        return interval(self.counts[measure], parse_measure(measure).score, draws=draws, seed=seed)


def evaluate(
    task: Task, articles: Sequence[Article], predictions: Predictions, measures: Iterable[str] | None = None
) -> Evaluation:
    """Compare predictions with gold, article by article; counts are summed by story. Missing ids count as empty."""
    chosen: dict[str, Measure] = {str(m): m for m in map(parse_measure, measures or task.measures)}
    stories = {story: row for row, story in enumerate(dict.fromkeys(a.story for a in articles))}
    sums: dict[str, list[Any]] = {name: [0.0] * len(stories) for name in chosen}
    items = missing = 0
    for article in articles:
        comparison = Comparison(task, article, predictions)
        for name, measure in chosen.items():
            sums[name][stories[article.story]] = sums[name][stories[article.story]] + measure.counts(comparison)
        ids = [item.id for item in task.items(article)]
        items += len(ids) if task.labels else len(comparison.gold)
        missing += sum(i not in predictions for i in ids)
    counts = {name: np.array(rows, dtype=float) for name, rows in sums.items()}
    return Evaluation(task, counts, len(articles), len(stories), items, missing)


def signature(chosen: Protocol, evaluation: Evaluation, measure: str, draws: int = DRAWS, seed: int = 0) -> Signature:
    """The signature of one measure of an evaluation."""
    return Signature(
        task=evaluation.task.name,
        split=chosen.name,
        corpus=chosen.corpus,
        measure=measure,
        n=evaluation.n,
        boot=f"{draws}:seed{seed}",
    )


def usable_tasks(corpus: Corpus, names: Sequence[str] | None = None) -> tuple[list[Task], list[str]]:
    """The tasks whose annotation the corpus has, and a sentence for each that it lacks."""
    usable: list[Task] = []
    left_out: list[str] = []
    for task in map(get_task, names or TASKS):
        lacking = [n for n in task.needs if n not in corpus.info.annotated]
        if lacking:
            left_out.append(f"{task.name}: {corpus.info.name} has no annotation of {', '.join(lacking)}")
        else:
            usable.append(task)
    return usable, left_out


def usable_measures(corpus: Corpus, task: Task) -> list[str]:
    """The task's measures that the corpus's annotation can answer."""
    return [m for m in task.measures if set(parse_measure(m).needs) <= set(corpus.info.annotated)]


def score(task: str, predictions: Predictions, articles: Sequence[Article]) -> dict[str, Interval]:
    """Score predictions in memory: every measure of the task with its interval."""
    evaluation = evaluate(get_task(task), articles, predictions)
    return {measure: evaluation.score(measure) for measure in evaluation.counts}
