"""Role F1 against nervaluate, where the definitions agree: contiguous mentions, its strict matching, our `exact`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate.evaluator import Evaluator

from allegedly.evaluation import evaluate
from allegedly.schema import Attribution, Claim, Cue, Source, Span
from allegedly.store import open_corpus
from allegedly.tasks import get_task
from conftest import make_article

EXTRACTION = get_task("extraction")
SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), max_size=8, unique=True)


def strict(gold: list[list[tuple[int, int]]], predicted: list[list[tuple[int, int]]]) -> float:
    """Strict F1 over articles; its `end` is inclusive."""
    shaped = [
        [[{"label": "claim", "start": a, "end": b - 1} for a, b in one] for one in side] for side in (gold, predicted)
    ]
    return float(Evaluator(*shaped, tags=["claim"], loader="dict").evaluate()["overall"]["strict"].f1)


def claims(article, spans: list[tuple[int, int]]) -> tuple[Attribution, ...]:
    return tuple(
        Attribution(
            id=f"a{n:02}",
            source=Source(spans=(), kind="unspecified", named=False),
            cue=Cue(spans=()),
            claim=Claim(spans=(Span(start=a, end=b),)),
            stance="assert",
        )
        for n, (a, b) in enumerate(spans, 1)
    )


@given(SPANS, SPANS)
def test_random_spans(left, right) -> None:
    article = make_article()
    gold, predicted = ([(a, a + n) for a, n in side] for side in (left, right))
    mine = evaluate(
        EXTRACTION,
        [article.with_attributions(claims(article, gold))],
        {article.id: claims(article, predicted)},
        ["ClaimF1(exact)", "ClaimF1(fragment)"],
    )
    for name in mine.counts:
        assert mine.score(name, draws=0).value == pytest.approx(strict([gold], [predicted]))


def test_the_corpus_with_shifted_predictions() -> None:
    articles = open_corpus().annotated("validation")[:6]
    gold, predicted, answers = [], [], {}
    for article in articles:
        spans = sorted({(s.start, s.end) for a in article.attributed for s in a.claim.spans})
        moved = sorted({(a + (n % 3 == 0), b - (n % 5 == 0)) for n, (a, b) in enumerate(spans) if n % 7 and b - a > 2})
        gold.append(spans)
        predicted.append(moved)
        answers[article.id] = claims(article, moved)
    found = evaluate(EXTRACTION, articles, answers, ["ClaimF1(fragment)"])
    assert found.score("ClaimF1(fragment)", draws=0).value == pytest.approx(strict(gold, predicted))
