"""The benchmark: systems × tasks → results with intervals, tie groups and signatures. It prints nothing."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from allegedly import __version__, ceiling, runs
from allegedly.schema import AllegedlyError, Article, Record
from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Counts, Measure, parse_measure
from allegedly.scoring.signature import Signature
from allegedly.scoring.statistics import Interval, interval, paired_p, ranks
from allegedly.store import Corpus, read_records, write_atomic, write_records
from allegedly.systems import answers, get_system
from allegedly.tasks import TASKS, Predictions, Task, get_task

DRAWS = 2000
ALPHA = 0.05
#: Most folds of a cross-validation.
FOLDS = 5
#: The row of one independent layer against the other.
ANNOTATOR = "annotator"
#: The systems that `make benchmark` runs.
BASELINES = ("random", "majority", "nearest", "overlap", "claim-only", "cue-only", "rules", "linear")


class NothingToScoreError(AllegedlyError, ValueError):
    """A corpus or split without articles, or without the annotation that a task needs."""


class Score(Record):
    """A measured value with its 95 % interval; no interval where there is a single story."""

    value: float
    low: float | None
    high: float | None


class Result(Record):
    """One line of `benchmarks/results.jsonl`: a system on a task, measured."""

    system: str
    task: str
    signature: str = Field(description="of the main measure; the others differ in the measure's name alone")
    scores: dict[str, Score]
    rank: int = Field(
        description="among the systems of the same run; ties share one; 0 for the annotators, who have none"
    )
    p_first: float = Field(description="p of the paired test against the best system of the run; 1 for itself")
    stories: int = Field(description="how many stories the interval and the test are over")
    seed: int
    missing: int = Field(0, description="items without a prediction, scored as empty")
    seconds: float = Field(description="predict, and fit where no task before it has, all folds")
    environment: dict[str, str]


@dataclass(frozen=True)
class Protocol:
    """How training and test articles are chosen: `name` stands in the signature."""

    name: str
    folds: tuple[tuple[tuple[Article, ...], tuple[Article, ...]], ...]

    @property
    def articles(self) -> list[Article]:
        """The articles that are scored."""
        return [article for _, test in self.folds for article in test]


def protocol(corpus: Corpus, split: str | None = None) -> Protocol:
    """Train on train, score a held-out split: test, else validation. A corpus with train alone is cross-validated by story,
    leaving one out at a time where there are few, else a fifth. `external` articles are scored by a system trained on train.
    """
    train = tuple(corpus.annotated("train"))
    wanted = [split] if split else ["test", "validation"]
    for name in wanted:
        if name != "train" and (test := tuple(corpus.annotated(name))):
            return Protocol(name, ((train, test),))
    if split not in (None, "train"):
        raise NothingToScoreError(f"{corpus.root}: no annotated article (with its text) in split {split!r}")
    stories = list(dict.fromkeys(a.story for a in train))
    if len(stories) < 2:
        raise NothingToScoreError(f"{corpus.root}: leave-one-story-out needs two annotated stories in split train")
    parts = [stories[n::FOLDS] for n in range(min(FOLDS, len(stories)))]
    folds = tuple(
        (tuple(a for a in train if a.story not in part), tuple(a for a in train if a.story in part)) for part in parts
    )
    few = len(stories) <= FOLDS
    return Protocol("train(leave-one-story-out)" if few else f"train({FOLDS}-fold-by-story)", folds)


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


def signature(corpus: Corpus, evaluation: Evaluation, split: str, measure: str, draws: int, seed: int) -> Signature:
    """The signature of one measure of an evaluation."""
    return Signature(
        task=evaluation.task.name,
        split=split,
        corpus=corpus.label_of(split),
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


class Fitted:
    """One system, fitted fold by fold. A system with `for_task` learns all its tasks at once and is fitted once a fold."""

    def __init__(self, name: str, chosen: Protocol, label: str, seed: int = 0) -> None:
        self._name, self._chosen, self._label, self._seed = name, chosen, label, seed
        self._shared: dict[int, Any] = {}

    def predict(self, task: Task) -> tuple[Predictions, float]:
        """The predictions for all scored articles, and the seconds that they took; from the cache where they are kept."""
        run = runs.key(self._label, self._chosen.name, self._name, task.name, self._seed)
        if kept := runs.load(run, task, self._chosen.articles):
            return kept
        started = time.perf_counter()
        predictions: dict[str, Any] = {}
        for fold, (_, test) in enumerate(self._chosen.folds):
            predictions |= self._system(fold, task).predict([task.hide(a) for a in test])
        seconds = time.perf_counter() - started
        runs.keep(run, task, self._chosen.articles, predictions, seconds)
        return predictions, seconds

    def _system(self, fold: int, task: Task) -> Any:
        if fold not in self._shared:
            system: Any = get_system(self._name, task.name, self._seed).fit(self._chosen.folds[fold][0])
            if not hasattr(system, "for_task"):
                return system
            self._shared[fold] = system
        return self._shared[fold].for_task(task.name)


def run(
    corpus: Corpus,
    systems: Sequence[str] = BASELINES,
    tasks: Sequence[str] | None = None,
    *,
    split: str | None = None,
    seed: int = 0,
    draws: int = DRAWS,
    progress: Callable[[str], None] = lambda step: None,
) -> list[Result]:
    """Every system on every task that the corpus supports; results are ranked within each task."""
    for name in systems:  # an unknown name fails before hours of work, not after
        answers(name, TASKS[0])
    chosen = protocol(corpus, split)
    results: list[Result] = []
    fitted = {name: Fitted(name, chosen, corpus.label_of(chosen.name), seed) for name in systems}
    both = ceiling.layers(corpus, chosen.articles)
    for task in usable_tasks(corpus, tasks)[0]:
        able = [name for name in systems if answers(name, task.name)]
        if not able or not any(task.items(article) for article in chosen.articles):
            continue  # such as disputes where no pairs are made: there is nothing to score
        evaluations: dict[str, Evaluation] = {}
        seconds: dict[str, float] = {}
        for name in able:
            progress(f"{task.name}: {name}")
            predictions, seconds[name] = fitted[name].predict(task)
            evaluations[name] = evaluate(task, chosen.articles, predictions, usable_measures(corpus, task))
        ranked = _rank(corpus, task, chosen.name, evaluations, seconds, draws, seed)
        results += [*_ceiling(corpus, task, chosen.name, both, ranked, draws, seed), *ranked]
    return results


def _ceiling(
    corpus: Corpus,
    task: Task,
    split: str,
    both: Sequence[tuple[Article, Article]] | None,
    ranked: Sequence[Result],
    draws: int,
    seed: int,
) -> list[Result]:
    """The row of the annotators: one independent layer against the other. It has no rank: its gold is another."""
    if not both or ceiling.answers(task, *both[0]) is None:
        return []
    predictions: dict[str, Any] = {}
    for left, right in both:
        predictions |= ceiling.answers(task, left, right) or {}
    evaluation = evaluate(task, [left for left, _ in both], predictions, usable_measures(corpus, task))
    made = ranked[0].model_copy(
        update={
            "system": ANNOTATOR,
            "signature": str(signature(corpus, evaluation, split, task.main, draws, seed)),
            "scores": {m: _score(evaluation, m, draws, seed) for m in evaluation.counts},
            "rank": 0,
            "p_first": 1.0,
            "missing": evaluation.missing,
            "seconds": 0.0,
        }
    )
    return [made]


def _rank(
    corpus: Corpus,
    task: Task,
    split: str,
    evaluations: dict[str, Evaluation],
    seconds: dict[str, float],
    draws: int,
    seed: int,
) -> list[Result]:
    measure = parse_measure(task.main)
    names = list(evaluations)
    counts = [evaluations[n].counts[task.main] for n in names]
    values = [measure.better * float(measure.score(c.sum(axis=0))) for c in counts]

    @cache
    def p(i: int, j: int) -> float:
        return paired_p(counts[i], counts[j], measure.score, draws=draws, seed=seed)

    places = ranks(values, lambda i, j: p(i, j) < ALPHA)
    best = max(range(len(names)), key=lambda i: (values[i], -i))
    made = []
    for i, name in enumerate(names):
        evaluation = evaluations[name]
        made.append(
            Result(
                system=name,
                task=task.name,
                signature=str(signature(corpus, evaluation, split, task.main, draws, seed)),
                scores={m: _score(evaluation, m, draws, seed) for m in evaluation.counts},
                rank=places[i],
                p_first=1.0 if i == best else round(p(best, i), 6),
                stories=evaluation.stories,
                seed=seed,
                missing=evaluation.missing,
                seconds=round(seconds[name], 2),
                environment=environment(),
            )
        )
    return sorted(made, key=lambda r: (r.rank, -measure.better * r.scores[task.main].value, r.system))


def _score(evaluation: Evaluation, measure: str, draws: int, seed: int) -> Score:
    found = evaluation.score(measure, draws, seed)
    alone = evaluation.stories < 2
    return Score(
        value=round(found.value, 6),
        low=None if alone else round(found.low, 6),
        high=None if alone else round(found.high, 6),
    )


def environment() -> dict[str, str]:
    """What a score may depend on beside its signature."""
    return {
        "allegedly": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in runs.PACKAGES},
    }


def score(task: str, predictions: Predictions, articles: Sequence[Article]) -> dict[str, Interval]:
    """Score predictions in memory: every measure of the task with its interval."""
    evaluation = evaluate(get_task(task), articles, predictions)
    return {measure: evaluation.score(measure) for measure in evaluation.counts}


def keep(results: Sequence[Result], folder: Path, leaderboard: str) -> str:
    """Write results.jsonl and LEADERBOARD.md, unless the same scores stand there already. Returns what was done."""
    path = folder / "results.jsonl"
    try:
        known = read_records(path, Result)
    except AllegedlyError:
        known = []

    def scores(rows: Sequence[Result]) -> list[dict[str, Any]]:
        return [r.model_dump(exclude={"seconds", "environment"}) for r in rows]

    if scores(known) == scores(results):
        return f"{path}: the same scores as before"
    write_records(path, results)
    write_atomic(folder / "LEADERBOARD.md", leaderboard.encode())
    return f"wrote {path} and LEADERBOARD.md"
