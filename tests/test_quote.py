"""Quotes made from spans: `anchor_line` gives the very spans back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allegedly.schema import Span
from allegedly.store import open_corpus
from allegedly.text.anchor import QuoteError, anchor_line, find_spans
from allegedly.text.quote import draft_line, quote
from conftest import TEXT, make_article


def test_a_layer_survives_being_quoted(article) -> None:
    for attribution in article.attributions:
        assert anchor_line(article, draft_line(article, attribution)) == attribution.model_copy(
            update={"positions": (), "source": attribution.source.model_copy(update={"entities": ()})}
        )


def test_every_gold_layer_survives_being_quoted() -> None:
    for article in open_corpus().annotated():
        for a in article.attributed:
            assert anchor_line(article, draft_line(article, a)).roles == a.roles, (article.id, a.id)


WORDS = [m for m in range(len(TEXT)) if TEXT[m].isalnum() and (m == 0 or not TEXT[m - 1].isalnum())]


@given(st.sampled_from(WORDS), st.integers(1, 30))
def test_any_run_of_words_can_be_quoted(start: int, words: int) -> None:
    made = make_article()
    ends = [m for m in range(start + 1, len(TEXT) + 1) if TEXT[m - 1].isalnum() and not TEXT[m : m + 1].isalnum()]
    end = ends[min(words, len(ends)) - 1]
    text, at = quote(made, (Span(start=start, end=end),))
    (found,) = find_spans(made, text, at)
    assert (found.start, found.end) == (start, end)


def test_half_a_word_is_refused() -> None:
    with pytest.raises(QuoteError, match="cuts a word in two"):
        quote(make_article("Brill said no."), (Span(start=1, end=5),))
