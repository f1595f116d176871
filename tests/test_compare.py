"""Comparing two systems, against scipy's paired bootstrap and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from allegedly.compare import compare
from allegedly.scoring.statistics import difference
from allegedly.store import Corpus
from allegedly.tasks import Label, get_task
from test_cli import run

STANCE = get_task("stance")


def test_the_difference_and_where_it_lies(corpus_folder) -> None:
    articles = Corpus(corpus_folder).annotated()
    gold = {i.id: Label(i.answer) for a in articles for i in STANCE.items(a)}
    worse = gold | {i.id: Label("none") for i in STANCE.items(articles[2])}
    found = compare(STANCE, articles, gold, worse, draws=200)
    assert (found.left, found.stories) == (1.0, 2)
    assert found.difference.value == pytest.approx(1 - found.right)
    assert found.articles[0] == ("a0003", 1.0, 0.0)
    assert all(one == other for _, one, other in found.articles[1:])
    same = compare(STANCE, articles, gold, gold, draws=200)
    assert (same.difference.value, same.difference.low, same.difference.high, same.p) == (0, 0, 0, 1)


def test_the_interval_agrees_with_scipys_paired_bootstrap() -> None:
    random = np.random.default_rng(1)
    left, right = random.integers(0, 9, (40, 1)).astype(float), random.integers(0, 7, (40, 1)).astype(float)
    ours = difference(left, right, lambda c: c[..., 0], draws=20_000)
    theirs = stats.bootstrap(
        (left[:, 0], right[:, 0]), lambda a, b, axis: a.sum(axis) - b.sum(axis), paired=True, vectorized=True, axis=-1,
        method="percentile", n_resamples=20_000, rng=1,
    ).confidence_interval  # fmt: skip
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.03 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.03 * width)


def test_the_command(corpus_folder) -> None:
    done = run("compare", "extraction", "rules", "majority", "--corpus", str(corpus_folder))
    assert done.stdout.startswith(b"AttributionF1(overlap): rules 0.")
    assert b"majority 0.0000" in done.stdout
    assert b"null hypothesis" in done.stderr
