from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allegedly.text.anchor import QuoteError, anchor, find_spans, numbered
from allegedly.text.sentences import sentences
from allegedly.text.tokens import tokens
from conftest import DRAFT, by_id, make_article


def cut(text: str) -> list[str]:
    return [text[a:b] for a, b in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ms. Lau met Gen. Ost. He left.", ["Ms. Lau met Gen. Ost.", "He left."]),
        ("J. R. Ost, of Ost & Co., said so. It sank.", ["J. R. Ost, of Ost & Co., said so.", "It sank."]),
        ("The U.S. ship sank. It was 5 p.m. Tuesday.", ["The U.S. ship sank.", "It was 5 p.m. Tuesday."]),
        ("“We saw it.” She left.", ["“We saw it.”", "She left."]),
        ("“We saw it,” she said. “Nobody did.”", ["“We saw it,” she said.", "“Nobody did.”"]),
        ('He left. "We saw it," she said. "No."', ["He left.", '"We saw it," she said.', '"No."']),
        ("A heading without a stop\n\nThe text. It goes on", ["A heading without a stop", "The text.", "It goes on"]),
        ("1. The first. 2. The second.", ["1. The first.", "2. The second."]),
        ("Was it late? No, Orl said.", ["Was it late?", "No, Orl said."]),
        ("", []),
        (" \n\n ", []),
        ("?!", ["?!"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@given(st.text(alphabet=st.sampled_from(list("ab. ,\"“”'’\n1?!😀A")), max_size=200))
def test_sentences_cover_every_visible_character_once(text: str) -> None:
    found = sentences(text)
    assert list(found) == sorted(found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    covered = "".join(text[a:b] for a, b in found)
    assert "".join(covered.split()) == "".join(text.split())


@given(st.text(max_size=200))
def test_tokens_are_in_order_and_leave_only_space_and_joiners(text: str) -> None:
    found = tokens(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(a.start < a.end for a in found)


def test_numbered_shows_paragraphs() -> None:
    assert list(numbered(make_article("T\n\nOne. Two.")))[:3] == ["[1] T", "", "[2] One."]


def test_draft_anchors(article) -> None:
    found = by_id(article)
    assert [article.slice(s) for s in found["a03"].roles.values()] == [
        "The Harbour Authority",
        "dismissed || as speculation",
        "reports of a second leak",
    ]
    assert article.slice(found["a02"].claim.spans) == "the Merrow had a second leak below the car deck"
    assert article.slice(found["a08"].claim.spans) == "40 lorries"  # after an emoji: code points, not UTF-16
    assert found["a08"].source.spans == ()


@pytest.mark.parametrize(
    ("quote", "at", "expected"),
    [
        ("leak", None, "stands 3 times"),
        ("leak", 9, "expected a sentence from 1 to 7"),
        ("leaks", None, "is not in the text"),
        ("port Body", None, "it has 'Port body'"),
        ("eak", None, "is not in the text"),
        ("leak", "2#2", "stands 1 times in sentence 2"),
        ("leak || deck", [2], "2 spans, but `at` lists 1"),
    ],
)
def test_bad_quotes_are_refused_with_candidates(quote, at, expected) -> None:
    with pytest.raises(QuoteError, match="(?s)" + expected.replace("(", r"\(")) as caught:
        find_spans(make_article(), quote, at)
    if quote == "leak" and at is None:
        assert len(caught.value.candidates) == 3
        assert caught.value.candidates[1].startswith("2#1: ")


def test_addresses_choose() -> None:
    article = make_article("A b a b a.\n\nThen a b.")
    assert find_spans(article, "a", "1#2")[0].start == 8
    assert [s.start for s in find_spans(article, "a || b", ["1#1", 2])] == [4, 19]
    assert find_spans(article, "Then … b", 2)[0].text == "Then a b"


def test_a_bad_line_is_reported_and_the_rest_kept() -> None:
    lines = [json.dumps(line) for line in DRAFT[:3]]
    lines.insert(1, json.dumps({**DRAFT[0], "id": "zz", "claim": "nowhere to be found"}))
    lines.insert(2, json.dumps({**DRAFT[0], "id": "zy", "stances": "deny"}))
    result = anchor(make_article(), "\n".join(lines))
    assert [a.id for a in result.attributions] == ["a01", "a02", "a03"]
    assert [line for line, _ in result.problems] == [2, 3]
