from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, f1_score

from allegedly.evaluation import evaluate
from allegedly.schema import Span
from allegedly.scoring.measures import MEASURES, Measure, parse_measure
from allegedly.scoring.signature import Signature
from allegedly.scoring.statistics import interval, paired_p, ranks
from allegedly.store import UnknownIdError
from allegedly.tasks import Label, get_task
from conftest import annotated, by_id

EXTRACTION = get_task("extraction")
STANCE = get_task("stance")


def value(task, articles, predictions, measure: str) -> float:
    return evaluate(task, articles, predictions, [measure]).score(measure, draws=0).value


def moved(attribution, role: str, *spans: tuple[int, int]):
    new = getattr(attribution, role).model_copy(update={"spans": tuple(Span(start=a, end=b) for a, b in spans)})
    return attribution.model_copy(update={role: new})


def test_gold_is_one_and_empty_is_zero_without_a_warning() -> None:
    articles = [annotated(), annotated("a0002", "s2")]
    gold = {a.id: a.attributions for a in articles}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for measure in EXTRACTION.measures:
            assert value(EXTRACTION, articles, gold, measure) == 1.0
            assert value(EXTRACTION, articles, {}, measure) == 0.0
        labels = {i.id: Label(i.answer, 1.0) for a in articles for i in STANCE.items(a)}
        assert value(STANCE, articles, labels, "StanceF1") == 1.0
        assert value(STANCE, articles, labels, "Brier") == 0.0
        assert value(STANCE, articles, {}, "StanceF1") == 0.0
        assert value(STANCE, articles, {}, "Brier") == 1.0


def test_hand_worked_extraction() -> None:
    """Eight gold. Predicted: five of them exactly, one with a longer cue and the wrong stance, one with a claim that
    shares less than half, and one that is not there. Overlap: 6 of 8 and 8. Exact: 5. Structure: 5.
    """
    article = annotated()
    gold = by_id(article)
    claim = gold["a04"].claim.spans[0]
    predicted = [gold[i] for i in ("a01", "a02", "a05", "a06", "a07")]
    cue = gold["a03"].cue.spans
    predicted.append(moved(gold["a03"], "cue", (cue[0].start, cue[0].end)).model_copy(update={"stance": "assert"}))
    predicted.append(moved(gold["a04"], "claim", (claim.start, claim.start + 8)))
    predicted.append(moved(gold["a08"], "claim", (0, 4)))
    found = {article.id: tuple(predicted)}
    for measure, expected in {
        "AttributionF1(overlap)": 12 / 16,
        "AttributionF1(exact)": 10 / 16,
        "StanceAccuracy(matched)": 5 / 6,
        "ViaAccuracy(matched)": 1.0,
        "StructureF1": 10 / 16,
    }.items():
        assert value(EXTRACTION, [article], found, measure) == pytest.approx(expected, abs=1e-12), measure
        assert value(EXTRACTION, [article], {article.id: tuple(predicted[::-1])}, measure) == pytest.approx(expected)


def test_a_via_is_right_where_its_target_is_matched() -> None:
    article = annotated()
    gold = by_id(article)
    without_outer = {article.id: (gold["a07"].model_copy(update={"via": None}),)}
    assert value(EXTRACTION, [article], without_outer, "ViaAccuracy(matched)") == 0.0
    renamed = tuple(a.model_copy(update={"id": f"x{a.id}", "via": a.via and f"x{a.via}"}) for a in article.attributions)
    assert value(EXTRACTION, [article], {article.id: renamed}, "ViaAccuracy(matched)") == 1.0


@given(st.lists(st.tuples(st.sampled_from(["assert", "deny", "none"]), st.sampled_from(["assert", "deny", "none", ""])), min_size=8, max_size=8))  # fmt: skip
def test_class_measures_agree_with_scikit_learn(labels) -> None:
    article = annotated()
    article = article.with_attributions(
        tuple(a.model_copy(update={"stance": g}) for a, (g, _) in zip(article.attributions, labels, strict=True))
    )
    predictions = {f"a0001/{a.id}": Label(p) for a, (_, p) in zip(article.attributions, labels, strict=True) if p}
    gold, predicted = zip(*labels, strict=True)

    def sklearn(names: list[str]) -> float:
        return float(f1_score(gold, predicted, labels=names, average="macro", zero_division=0))

    for measure, names in {
        "StanceF1": ["assert", "deny"],
        "MacroF1": ["assert", "deny", "none"],
        "F1(deny)": ["deny"],
        "F1(none)": ["none"],
    }.items():
        assert value(STANCE, [article], predictions, measure) == pytest.approx(sklearn(names), abs=1e-12)


def test_brier_agrees_with_scikit_learn() -> None:
    article = annotated()
    p = np.linspace(0.2, 0.9, 8)
    predictions = {f"a0001/{a.id}": Label("deny", float(x)) for a, x in zip(article.attributions, p, strict=True)}
    expected = brier_score_loss([a.stance == "deny" for a in article.attributions], p)
    assert value(STANCE, [article], predictions, "Brier") == pytest.approx(expected, abs=1e-12)


def test_measures_are_values() -> None:
    for name in MEASURES:
        parameter = {
            "AttributionF1": "(overlap)",
            "StanceAccuracy": "(matched)",
            "ViaAccuracy": "(matched)",
            "F1": "(deny)",
            "LinkAccuracy": "(entity)",
            "ECE": "(bins=15)",
        }
        text = name + parameter.get(name, "(exact)" if name.endswith("F1") and name[:2] in ("So", "Cu", "Cl") else "")
        measure = parse_measure(text)
        assert str(measure) == text
        assert measure == parse_measure(str(measure))
        assert hash(measure) == hash(parse_measure(text))
        assert isinstance(measure, Measure)
    for wrong in ("Accuracy", "AttributionF1", "AttributionF1(loose)", "StanceF1(x)", "f1("):
        with pytest.raises(UnknownIdError, match="there is"):
            parse_measure(wrong)


def test_interval_agrees_with_scipy() -> None:
    from scipy.stats import bootstrap

    counts = np.random.default_rng(3).integers(1, 30, size=(12, 3)).astype(float)
    counts[:, 0] = np.minimum(counts[:, 1], counts[:, 2]) * 0.7
    measure = parse_measure("AttributionF1(exact)")
    ours = interval(counts, measure.score, draws=20000)
    theirs = bootstrap(
        (np.arange(12),), lambda i, axis=-1: measure.score(counts[i].sum(axis=-2)), n_resamples=20000, method="percentile",
        vectorized=True, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert ours.low == pytest.approx(theirs.low, abs=0.01)
    assert ours.high == pytest.approx(theirs.high, abs=0.01)
    assert ours.low <= ours.value <= ours.high
    assert ours == interval(counts, measure.score, draws=20000)


def test_paired_test_agrees_with_scipy() -> None:
    from scipy.stats import permutation_test

    rng = np.random.default_rng(5)
    left, right = rng.normal(0.6, 0.1, (10, 1)), rng.normal(0.5, 0.1, (10, 1))
    ours = paired_p(left, right, lambda c: c[..., 0] / 10, draws=20000)
    theirs = permutation_test(
        (left[:, 0], right[:, 0]), lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=np.inf,
    ).pvalue  # fmt: skip
    assert ours == pytest.approx(theirs, abs=0.01)
    assert paired_p(left, left, lambda c: c[..., 0], draws=100) == 1.0


def test_ranks_tie_what_the_test_cannot_tell_apart() -> None:
    assert ranks([0.5, 0.9, 0.85, 0.2], lambda i, j: abs([0.5, 0.9, 0.85, 0.2][i] - [0.5, 0.9, 0.85, 0.2][j]) > 0.1) == [3, 1, 1, 4]  # fmt: skip


def test_the_signature_has_every_field() -> None:
    made = Signature("stance", "test", "1.0+ab", "StanceF1", "8 items/1 articles/1 stories", "2000:seed0", "9.9")
    assert str(made) == (
        "allegedly:stance|split:test|corpus:1.0+ab|measure:StanceF1|n:8 items/1 articles/1 stories|boot:2000:seed0|v:9.9"
    )


def test_ece_by_hand() -> None:
    """Two bins: (.4, wrong), (.5, right) below, mean .45 against .5; (.9, right), (1, wrong: none given) above, .95 against .5."""
    article = annotated()
    answers = {i.id: i.answer for i in STANCE.items(article)}
    names = list(answers)
    given = {names[0]: (False, 0.4), names[1]: (True, 0.5), names[2]: (True, 0.9)}
    predictions = {
        n: Label(answers[n] if right else next(x for x in STANCE.labels if x != answers[n]), p)
        for n, (right, p) in given.items()
    }
    found = value(STANCE, [article], predictions, "ECE(bins=2)")
    missing = len(names) - 3  # each is wrong with probability 1
    assert found == pytest.approx((abs(0.9 - 1) + abs(0.9 + missing - 1)) / len(names))


@pytest.mark.parametrize("text", ["ECE", "ECE(bins=0)", "ECE(15)"])
def test_ece_says_what_it_takes(text) -> None:
    with pytest.raises(UnknownIdError, match="bins=15"):
        parse_measure(text)
