"""Any scikit-learn classifier, by one line."""

from __future__ import annotations

import pytest

from allegedly.evaluation import evaluate
from allegedly.systems import get_system, spec
from allegedly.systems.estimator import EstimatorError, build
from allegedly.tasks import get_task
from conftest import annotated


@pytest.mark.parametrize(("task", "measure"), [("stance", "StanceF1"), ("detection", "F1(attributed)")])
def test_it_learns_what_it_saw(task, measure) -> None:
    articles = [annotated(f"a000{n}", f"s{n}") for n in (1, 2)]
    system = get_system("sklearn:LinearSVC(C=10)", task).fit(articles)
    wanted = get_task(task)
    predictions = system.predict([wanted.hide(a) for a in articles] if task == "stance" else articles)
    assert evaluate(wanted, articles, predictions).score(measure).value > 0.9
    assert all(label.p is None for label in predictions.values())


def test_probabilities_where_there_are_any() -> None:
    articles = [annotated(f"a000{n}", f"s{n}") for n in (1, 2)]
    answers = get_system("sklearn:LogisticRegression", "stance").fit(articles).predict(articles)
    assert all(0 < label.p <= 1 for label in answers.values())


def test_the_expression_is_the_system() -> None:
    assert spec("sklearn:LinearSVC(C=2)") != spec("sklearn:LinearSVC(C=3)")
    assert build("SGDClassifier(alpha=0.01)", seed=3).get_params()["random_state"] == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Linear", "no classifier 'Linear'.*LinearSVC"),
        ("LinearSVC(1)", "without a name"),
        ("LinearSVC(C=__import__('os'))", "plain values"),
        ("LinearSVC(shape=3)", "unexpected keyword"),
        ("LinearSVC(C=", "no classifier"),
    ],
)
def test_a_wrong_one_is_named(name, message) -> None:
    with pytest.raises(EstimatorError, match=message):
        get_system(f"sklearn:{name}", "stance")
