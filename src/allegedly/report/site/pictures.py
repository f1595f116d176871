"""The page's pictures as numbers: bars with intervals, the heat map of slices, learning curves, the reliability diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from allegedly.results import Result, Score, fields, with_predictions
from allegedly.schema import Article
from allegedly.scoring.by_slice import FEWEST
from allegedly.scoring.comparison import Comparison
from allegedly.tasks import get_task

BINS = 10


class Bars(NamedTuple):
    """One system's row: its rank, its main score, the others, and the external articles' main score."""

    rank: int
    system: str
    score: Score
    others: tuple[tuple[str, float], ...]
    external: Score | None
    missing: int


class Heat(NamedTuple):
    """Share right by slice (rows) and system (columns); None where a slice has fewer than twenty items."""

    systems: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[float | None, ...]], ...]
    fewest: int = FEWEST


class Curve(NamedTuple):
    """The main measure by share of the training stories; one line a system, the mean over seeds."""

    measure: str
    lines: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]


class Reliability(NamedTuple):
    """Of one system's stance answers, by bin of probability: mean probability, share right, items."""

    system: str
    points: tuple[tuple[float, float, int], ...]


def bars(rows: Sequence[Result], beside: Mapping[str, Score]) -> list[Bars]:
    """Rows of the table, best first, the ceiling on top."""
    made = []
    for row in rows:
        main = row.main
        others = tuple((m, s.value) for m, s in row.scores.items() if m != main)
        made.append(Bars(row.rank, row.system, row.scores[main], others, beside.get(row.system), row.missing))
    return made


def heat(rows: Sequence[Result]) -> Heat | None:
    """The slices of the ranked rows; None where they have none."""
    ranked = [r for r in rows if r.rank and r.slices]
    names = sorted({n for r in ranked for n in r.slices if n.split(":")[0] not in ("story", "form", "domain")})
    names += sorted({n for r in ranked for n in r.slices if n.split(":")[0] in ("form", "domain")})
    if not names:
        return None
    table = []
    for name in names:
        found = [r.slices.get(name) for r in ranked]
        table.append((name, max(f.n for f in found if f), tuple(f.share if f else None for f in found)))
    return Heat(tuple(r.system for r in ranked), tuple(table))


def curve(rows: Sequence[Result], label: str, split: str) -> Curve | None:
    """The learning curves among the newest rows of one task on one corpus; None where no part of the training was tried."""
    here = [r for r in rows if r.rank and fields(r.signature)["corpus"] == label and r.split == split]
    values: dict[str, dict[float, list[float]]] = {}
    for row in here:
        values.setdefault(row.system, {}).setdefault(row.fraction, []).append(row.scores[row.main].value)
    lines = tuple(
        (name, tuple((part, mean(found)) for part, found in sorted(by_part.items())))
        for name, by_part in values.items()
        if len(by_part) > 1
    )
    return Curve(here[0].main, lines) if lines else None


def reliability(home: Path, rows: Sequence[Result], articles: Sequence[Article]) -> list[Reliability]:
    """Of every system that gives probabilities for stance: are those of 0.8 right eight times in ten?"""
    task = get_task("stance")
    made = []
    for system, predictions in with_predictions(home, rows, task, articles):
        bins: dict[int, list[tuple[float, bool]]] = {}
        for article in articles:
            for gold, answer in Comparison(task, article, predictions).answers:
                if answer.p is not None:
                    bins.setdefault(min(int(answer.p * BINS), BINS - 1), []).append((answer.p, gold == answer.label))
        if bins:
            points = tuple((mean(p for p, _ in b), mean(r for _, r in b), len(b)) for _, b in sorted(bins.items()))
            made.append(Reliability(system, points))
    return made
