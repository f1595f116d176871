"""Slices by hand, and the quotas counted from them."""

from __future__ import annotations

import json

import pytest

from allegedly.quotas import quotas
from allegedly.schema import Position
from allegedly.slices import cue_class, cue_lemma, denial, quotation, slices
from allegedly.store import Corpus
from allegedly.text.anchor import anchor
from conftest import by_id, make_article

TEXT = """Title

Orl said the dam was safe. “The dam is safe,” Orl said. Orl said the dam was “perfectly safe”. Orl denied that it leaked.
Brok did not accept that it leaked. Brok's denial that it leaked came late. Brok dismissed the report as a hoax. It allegedly leaked.
"""


def line(number: int, source: str, cue: str, claim: str, stance: str = "assert") -> str:
    return json.dumps(
        {"id": f"a{number}", "at": number, "source": source, "cue": cue, "claim": claim, "stance": stance}
    )


def made():
    article = make_article(TEXT)
    draft = [
        line(2, "Orl", "said", "the dam was safe"),
        line(3, "Orl", "said", "The dam is safe"),
        line(4, "Orl", "said", "the dam was “perfectly safe”"),
        line(5, "Orl", "denied", "it leaked", "deny"),
        line(6, "Brok", "did not accept", "it leaked", "deny"),
        line(7, "Brok", "denial", "it leaked", "deny"),
        line(8, "Brok", "dismissed || as a hoax", "the report", "deny"),
        line(9, "", "allegedly", "leaked"),
    ]
    result = anchor(article, "\n".join(draft))
    assert not result.problems, result.problems
    return article.with_attributions(result.attributions)


def test_quotation() -> None:
    article = made()
    assert [quotation(article, a) for a in article.attributions[:3]] == ["indirect", "direct", "mixed"]


def test_denials_by_kind() -> None:
    article = made()
    kinds = [denial(article, a) for a in article.attributions]
    assert kinds == [None, None, None, "verb", "negation", "noun or adjective", "characterization", None]
    contrary = article.attributions[0].model_copy(update={"positions": (Position(proposition="p1", polarity="-"),)})
    assert denial(article, contrary) == "contrary"


def test_cues() -> None:
    article = made()
    assert [cue_lemma(article, a) for a in article.attributions] == [
        "say", "say", "say", "deny", "accept", "denial", "dismiss", "allegedly",
    ]  # fmt: skip
    assert [cue_class(article, a) for a in article.attributions][3:6] == ["deny", "believe", "noun"]


def test_slices_name_marks_and_the_article() -> None:
    article = made()
    found = set(slices(article, by_id(article)["a9"]))
    assert {"mark:sourceless", "source:unspecified", "domain:transport accidents", "form:wire", "story:s1"} <= found
    assert "mark:pronoun" not in found


def test_quotas_are_counted_on_gold(corpus_folder) -> None:
    found = {q.name: q for q in quotas(Corpus(corpus_folder))}
    assert found["attributions with a source"].value == 28
    assert found["share with stance deny"].value == pytest.approx(3 / 8)
    assert found["share with stance none"].state == "short"
    # the union holds p1 in each article, the authority rejects it there: both, and across the two of a story
    assert found["propositions with holders and rejecters"].value == 2
    assert found["of those, across articles"].value == 2
