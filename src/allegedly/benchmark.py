"""The benchmark: systems × tasks → results with intervals, tie groups and signatures. It prints nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from allegedly import ceiling, runs
from allegedly import results as results_of
from allegedly.evaluation import (
    DRAWS,
    Evaluation,
    Protocol,
    evaluate,
    protocol,
    signature,
    usable_measures,
    usable_tasks,
)
from allegedly.results import ANNOTATOR, Result, Score, SliceScore, environment
from allegedly.schema import Article
from allegedly.scoring.by_slice import by_slice, cues
from allegedly.scoring.measures import parse_measure
from allegedly.scoring.statistics import holm, paired_p, ranks
from allegedly.store import Corpus
from allegedly.systems import SystemUseError, answers, get_system
from allegedly.tasks import TASKS, Label, Predictions, Task, get_task

ALPHA = 0.05
#: The systems that `make benchmark` runs.
BASELINES = (
    "random",
    "majority",
    "nearest",
    "ranker",
    "overlap",
    "align",
    "embed",
    "claim-only",
    "cue-only",
    "rules",
    "linear",
    "crf",
)


def baselines() -> tuple[str, ...]:
    """The systems of `make benchmark`: the baselines, the encoder and the language model that the environment names.

    An encoder takes an hour on a CPU to learn our corpus, so an installed extra alone does not bring it in.
    """
    named = os.environ.get("ALLEGEDLY_LLM_MODEL") if os.environ.get("ALLEGEDLY_LLM_URL") else None
    encoder = ("encoder",) if os.environ.get("ALLEGEDLY_ENCODER") else ()
    return (*BASELINES, *encoder, *((f"llm:{named}",) if named else ()))


Said = Callable[[str], None]


class Answers(NamedTuple):
    """What a system predicted for a task, the seconds that it took, and the articles on which it raised, with the error."""

    predictions: Predictions
    seconds: float
    failed: tuple[str, ...] = ()


class Fitted:
    """One system, fitted fold by fold. A system with `for_task` learns all its tasks at once and is fitted once a fold."""

    def __init__(self, name: str, chosen: Protocol, seed: int = 0) -> None:
        self.name, self._chosen, self._seed = name, chosen, seed
        self._shared: dict[int, Any] = {}

    def predict(self, task: Task) -> Answers:
        """The predictions for all scored articles; from the cache where they are kept. A run in which an article failed is not kept."""
        chosen = self._chosen
        run = runs.key(f"{chosen.corpus} {chosen.train}", chosen.name, self.name, task.name, self._seed)
        if kept := runs.load(run, task, chosen.articles):
            return Answers(*kept)
        started = time.perf_counter()
        predictions: dict[str, Any] = {}
        failed: list[str] = []
        for fold, (_, test) in enumerate(chosen.folds):
            made, raised = _each(self._system(fold, task), [task.hide(a) for a in test])
            predictions |= {i: _rounded(answer) for i, answer in made.items()}
            failed += raised
        seconds = time.perf_counter() - started
        if failed and not predictions:
            raise SystemUseError(f"{self.name} raised on every article of {task.name}; the first: {failed[0]}")
        if not failed:
            runs.keep(run, task, chosen.articles, predictions, seconds)
        return Answers(predictions, seconds, tuple(failed))

    def _system(self, fold: int, task: Task) -> Any:
        if fold not in self._shared:
            system: Any = get_system(self.name, task.name, self._seed)
            system = system.fit(self._chosen.folds[fold][0]) or system
            if not hasattr(system, "for_task"):
                return system
            self._shared[fold] = system
        return self._shared[fold].for_task(task.name)


def _rounded(answer: Any) -> Any:
    """A label's probability as prediction files have it, so that a kept run scores the same as the first."""
    return Label(answer.label, round(answer.p, 6)) if isinstance(answer, Label) and answer.p is not None else answer


def _each(system: Any, articles: Sequence[Article]) -> tuple[dict[str, Any], list[str]]:
    """A system's predictions; where it raises, article by article, so that one costs itself alone."""
    try:
        return dict(system.predict(articles)), []
    except Exception:
        found: dict[str, Any] = {}
        failed = []
        for article in articles:
            try:
                found |= system.predict([article])
            except Exception as error:
                failed.append(f"{article.id}: {type(error).__name__}: {error}"[:200])
        return found, failed


def _answered(name: str, chosen: Protocol, tasks: Sequence[str], seed: int) -> tuple[str, dict[str, Answers]]:
    """One system on all its tasks: what one worker does."""
    system = Fitted(name, chosen, seed)
    return name, {task: system.predict(get_task(task)) for task in tasks}


def predict_all(
    chosen: Protocol,
    systems: Sequence[str],
    tasks: Sequence[Task],
    *,
    seed: int = 0,
    jobs: int = 1,
    said: Said = lambda step: None,
) -> Iterator[tuple[str, dict[str, Answers]]]:
    """Every system on every task that it answers and that has items, `jobs` systems at a time, as they finish."""
    from joblib import Parallel, delayed

    asked = [t for t in tasks if any(t.items(a) for a in chosen.articles)]
    able = {name: [t.name for t in asked if answers(name, t.name)] for name in systems}
    work = [(name, names) for name, names in able.items() if names]
    workers = Parallel(n_jobs=min(jobs, len(work) or 1), return_as="generator_unordered")
    for done, found in enumerate(workers(delayed(_answered)(n, chosen, t, seed) for n, t in work), 1):
        said(f"{found[0]} ({done} of {len(work)} systems)")
        yield found


def run(
    corpus: Corpus,
    systems: Sequence[str] = BASELINES,
    tasks: Sequence[str] | None = None,
    *,
    split: str | None = None,
    train: Corpus | None = None,
    fraction: float = 1.0,
    seed: int = 0,
    draws: int = DRAWS,
    jobs: int = 1,
    progress: Said = lambda step: None,
    home: Path | None = None,
) -> list[Result]:
    """Every system on every task that the corpus supports; results are ranked within each task.

    `train` learns from another corpus, `fraction` from a part of the training stories, `jobs` systems run at a time. In `home` (a folder
    such as benchmarks/) the predictions are kept, and what others submitted there stands beside.
    """
    for name in systems:  # an unknown name fails before hours of work, not after
        answers(name, TASKS[0])
    chosen = protocol(corpus, split, train=train, fraction=fraction, seed=seed)
    usable = usable_tasks(corpus, tasks)[0]
    found = dict(predict_all(chosen, systems, usable, seed=seed, jobs=jobs, said=progress))
    both = ceiling.sides(corpus, chosen.articles)
    known = cues([a for learnt, _ in chosen.folds for a in learnt]) if len(chosen.folds) == 1 else None
    plain = fraction == 1 and seed == 0 and train is None and chosen.name != "external"
    results: list[Result] = []
    for task in usable:
        rows = []
        given = {n: found[n][task.name] for n in systems if task.name in found.get(n, {})}
        if home and plain:
            others = results_of.submitted(home, task, chosen, [*systems, *BASELINES])
            given |= {name: Answers(predictions, 0.0) for name, predictions in others.items()}
        for name, answered in given.items():
            evaluation = evaluate(task, chosen.articles, answered.predictions, usable_measures(corpus, task))
            sliced = by_slice(task, chosen.articles, answered.predictions, known)
            result = _result(name, chosen, evaluation, draws, seed).model_copy(
                update={
                    "fraction": fraction,
                    "failed": answered.failed,
                    "seconds": round(answered.seconds, 2),
                    "slices": {s.name: SliceScore(n=s.n, share=s.share and round(s.share, 6)) for s in sliced},
                }
            )
            if home and plain:
                kept = results_of.keep_predictions(home, task, chosen, name, answered.predictions)
                result = result.model_copy(update={"predictions": kept})
            rows.append((result, evaluation))
        if rows:
            results += [*_ceiling(corpus, task, chosen, both.of(task), draws, seed), *_rank(rows, draws, seed)]
    return results


def _result(name: str, chosen: Protocol, evaluation: Evaluation, draws: int, seed: int) -> Result:
    return Result(
        system=name,
        task=evaluation.task.name,
        signature=str(signature(chosen, evaluation, evaluation.task.main, draws, seed)),
        scores={m: _score(evaluation, m, draws, seed) for m in evaluation.counts},
        rank=0,
        p_first=1.0,
        stories=evaluation.stories,
        seed=seed,
        train=chosen.train,
        missing=evaluation.missing,
        seconds=0.0,
        environment=environment(),
        when=datetime.now(UTC).date().isoformat(),
    )


def _score(evaluation: Evaluation, measure: str, draws: int, seed: int) -> Score:
    found = evaluation.score(measure, draws, seed)
    alone = evaluation.stories < 2
    return Score(
        value=round(found.value, 6),
        low=None if alone else round(found.low, 6),
        high=None if alone else round(found.high, 6),
    )


def _ceiling(
    corpus: Corpus, task: Task, chosen: Protocol, both: ceiling.Both | None, draws: int, seed: int
) -> list[Result]:
    """The row of the annotators: one independent layer against the other. It has no rank: its gold is another."""
    if not both:
        return []
    predictions: dict[str, Any] = {}
    for left, right in both:
        predictions |= ceiling.answers(task, left, right)
    evaluation = evaluate(task, [left for left, _ in both], predictions, usable_measures(corpus, task))
    return [_result(ANNOTATOR, chosen, evaluation, draws, seed).model_copy(update={"train": ""})]


def _rank(rows: Sequence[tuple[Result, Evaluation]], draws: int, seed: int) -> list[Result]:
    """Ranks with ties: two systems differ where the paired test says so after Holm's correction over all pairs of the table."""
    task = rows[0][1].task
    measure = parse_measure(task.main)
    counts = [evaluation.counts[task.main] for _, evaluation in rows]
    values = [measure.better * float(measure.score(c.sum(axis=0))) for c in counts]
    pairs = [(i, j) for i in range(len(rows)) for j in range(i)]
    raw = [paired_p(counts[i], counts[j], measure.score, draws=draws, seed=seed) for i, j in pairs]
    adjusted = dict(zip(pairs, holm(raw), strict=True))

    @cache
    def p(i: int, j: int) -> float:
        return adjusted[max(i, j), min(i, j)]

    places = ranks(values, lambda i, j: p(i, j) < ALPHA)
    best = max(range(len(rows)), key=lambda i: (values[i], -i))
    made = [
        result.model_copy(update={"rank": places[i], "p_first": 1.0 if i == best else round(p(best, i), 6)})
        for i, (result, _) in enumerate(rows)
    ]
    return sorted(made, key=lambda r: (r.rank, -measure.better * r.scores[task.main].value, r.system))
