"""The linking baseline: it learns who speaks, repeats itself, and sees no source, cue or chain."""

from __future__ import annotations

from itertools import pairwise

import pytest

from allegedly.annotate import article_of
from allegedly.schema import Article, Cue, Source
from allegedly.systems import get_system
from allegedly.tasks import Label, get_task
from allegedly.text.anchor import anchor

LINK = get_task("linking")
NAMES = ("Orl", "Brill", "Ferrin", "Tamsen", "Ostry", "Calder")


def made(text: str, *said: tuple[int, str, str, str]) -> Article:
    """An article and its attributions, each as sentence, source, cue and claim."""
    article = article_of("x", text)
    lines = [
        f'{{"id":"a{n:02}","at":{at},"source":"{source}","cue":"{cue}","claim":"{claim}","stance":"assert","kind":"person","named":true,"via":null,"refers":null}}'
        for n, (at, source, cue, claim) in enumerate(said, 1)
    ]
    return article.with_attributions(anchor(article, "\n".join(lines), "draft").attributions)


def toy(one: str, other: str) -> Article:
    """Two speakers after their claims: the mention before a claim is nearer, and another's."""
    text = f"Tide\n\nThe gate was shut, said {one}. The wind was strong, said {other}.\n"
    return made(text, (2, one, "said", "The gate was shut"), (3, other, "said", "The wind was strong"))


@pytest.fixture(scope="module")
def learnt():
    return get_system("ranker", "linking", 0).fit([toy(one, other) for one, other in pairwise(NAMES)])


def test_who_speaks_is_learnt(learnt) -> None:
    found = learnt.predict([LINK.hide(toy("Anders", "Veyle"))])
    assert {i: x.label for i, x in found.items()} == {"x/a01": "m01", "x/a02": "m02"}
    assert all(x.p is not None and 0.5 < x.p <= 1 for x in found.values())


def test_the_same_twice(learnt) -> None:
    again = get_system("ranker", "linking", 0).fit([toy(a, b) for a, b in pairwise(NAMES)])
    assert again.predict([toy("Anders", "Veyle")]) == learnt.predict([toy("Anders", "Veyle")])


def test_what_is_hidden_is_not_looked_at(learnt, article) -> None:
    hidden = LINK.hide(article)
    other = {
        "source": Source(spans=(), kind="person", named=True),
        "cue": Cue(spans=()),
        "via": "a01",
        "stance": "deny",
    }
    changed = hidden.with_attributions(tuple(a.model_copy(update=other) for a in hidden.attributions))
    assert learnt.predict([article]) == learnt.predict([hidden]) == learnt.predict([changed])


def test_no_mention_and_one(learnt) -> None:
    assert learnt.predict([article_of("x", "Tide\n\nNobody spoke.\n")]) == {}
    lone = made("Tide\n\nOrl said the gate was open.\n", (2, "Orl", "said", "the gate was open"))
    assert learnt.predict([LINK.hide(lone)]) == {"x/a01": Label("m01", 1.0)}


def test_without_training_the_nearest_is_taken() -> None:
    found = get_system("ranker", "linking").fit([]).predict([LINK.hide(toy("Orl", "Brill"))])
    assert [x.label for x in found.values()] == ["m01", "m01"]
