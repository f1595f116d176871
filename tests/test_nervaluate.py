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
#: Disjoint spans as (gap before, length): of overlapping ones nervaluate takes the first that touches, even where another is equal.
SPANS = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 9)), max_size=8)


def laid(steps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    at, spans = 0, []
    for gap, length in steps:
        spans.append((at + gap, at + gap + length))
        at += gap + length
    return spans


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
    gold, predicted = laid(left), laid(right)
    mine = evaluate(
        EXTRACTION,
        [article.with_attributions(claims(article, gold))],
        {article.id: claims(article, predicted)},
        ["ClaimF1(exact)", "ClaimF1(fragment)"],
    )
    for name in mine.counts:
        assert mine.score(name, draws=0).value == pytest.approx(strict([gold], [predicted]))


def test_the_corpus_with_shifted_predictions() -> None:
    articles, gold, predicted, answers = [], [], [], {}
    for article in open_corpus().annotated("validation")[:6]:
        every = sorted({(s.start, s.end) for a in article.attributed for s in a.claim.spans})
        spans = [s for n, s in enumerate(every) if all(s[0] >= b or s[1] <= a for a, b in every[:n])]
        moved = sorted({(a + (n % 3 == 0), b - (n % 5 == 0)) for n, (a, b) in enumerate(spans) if n % 7 and b - a > 2})
        articles.append(article.with_attributions(claims(article, spans)))
        gold.append(spans)
        predicted.append(moved)
        answers[article.id] = claims(article, moved)
    found = evaluate(EXTRACTION, articles, answers, ["ClaimF1(fragment)"])
    assert found.score("ClaimF1(fragment)", draws=0).value == pytest.approx(strict(gold, predicted))
