"""Two systems side by side on one task: the difference, how sure it is, and the articles where they differ most."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from allegedly.benchmark import Fitted
from allegedly.evaluation import DRAWS, Protocol, evaluate
from allegedly.schema import Article
from allegedly.scoring.measures import parse_measure
from allegedly.scoring.statistics import Interval, difference, paired_p
from allegedly.systems.predictions import read_predictions
from allegedly.tasks import Predictions, Task


class Contrast(NamedTuple):
    """What came of a comparison. `articles` holds (id, left's score, right's score), the largest difference first."""

    measure: str
    left: float
    right: float
    difference: Interval
    p: float
    stories: int
    articles: tuple[tuple[str, float, float], ...]


def predictions_of(name: str, task: Task, chosen: Protocol, seed: int = 0) -> Predictions:
    """The predictions of a system, or those in a prediction file."""
    if Path(name).is_file():
        return read_predictions(name, task, chosen.articles).predictions
    return Fitted(name, chosen, seed).predict(task).predictions


def compare(
    task: Task,
    articles: Sequence[Article],
    left: Predictions,
    right: Predictions,
    measure: str | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Contrast:
    """Left minus right, over the same articles."""
    chosen = parse_measure(measure or task.main)
    name = str(chosen)
    mine, theirs = (evaluate(task, articles, side, [name]).counts[name] for side in (left, right))
    found = difference(mine, theirs, chosen.score, draws=draws, seed=seed)
    p = paired_p(mine, theirs, chosen.score, draws=draws, seed=seed)
    each = []
    for article in articles:
        one, other = (
            float(chosen.score(evaluate(task, [article], side, [name]).counts[name].sum(axis=0)))
            for side in (left, right)
        )
        each.append((article.id, one, other))
    each.sort(key=lambda row: (-abs(row[1] - row[2]), row[0]))
    scores = [float(chosen.score(c.sum(axis=0))) for c in (mine, theirs)]
    return Contrast(name, scores[0], scores[1], found, p, len(mine), tuple(each))
