"""The disputes baselines: they learn, repeat themselves, see no positions, and are well above overlap."""

from __future__ import annotations

from pathlib import Path

import pytest

from allegedly.evaluation import evaluate, protocol
from allegedly.store import open_corpus
from allegedly.systems import get_system
from allegedly.tasks import get_task

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def chosen():
    return protocol(open_corpus(ROOT))


@pytest.mark.parametrize("name", ["align", "embed"])
def test_far_above_overlap_and_the_same_twice(name, chosen) -> None:
    task = get_task("disputes")
    hidden = [task.hide(a) for a in chosen.articles]
    one, two = (get_system(name, "disputes", 0).fit(chosen.folds[0][0]).predict(hidden) for _ in range(2))
    assert one == two
    score = evaluate(task, chosen.articles, one, ["MacroF1"]).score("MacroF1", 0).value
    floor = get_system("overlap", "disputes", 0).fit(chosen.folds[0][0]).predict(hidden)
    assert score > evaluate(task, chosen.articles, floor, ["MacroF1"]).score("MacroF1", 0).value + 0.15


def test_without_training_it_answers_all_the_same() -> None:
    task = get_task("disputes")
    articles = open_corpus(ROOT).annotated("validation")
    found = get_system("align", "disputes").predict(articles)
    assert set(found) == {i.id for a in articles for i in task.items(a)}
