"""Two readings of positions: where they differ, what a third makes of them, and how far they agree (worked out by hand)."""

from __future__ import annotations

import pytest

from allegedly.positions import PositionError, apply
from allegedly.readings import counts, decide, figures, units, worksheet
from conftest import annotated
from test_positions import INVENTORY, LINES, STORY

FIRST = [INVENTORY, *LINES]
#: One position with the other sign, one missing; the narrator's passage longer, and another passage beside it.
SECOND = [
    INVENTORY,
    LINES[0] | {"positions": ["p1-"]},
    LINES[1],
    LINES[3],
    LINES[4] | {"claim": "40 lorries were aboard"},
    LINES[4] | {"id": "n02", "at": 2, "claim": "leak", "positions": ["p1+"]},
]


def found():
    article = annotated()
    story = apply(STORY, [article], list(enumerate(FIRST, 1)))[0]
    return story, [article], units(story, [article], FIRST, SECOND)


def test_the_worksheet_lists_what_differs_and_nothing_else() -> None:
    _, articles, paired = found()
    lines = list(worksheet(articles, paired))
    assert [(x["id"], x["reader-1"], x["reader-2"]) for x in lines] == [
        ("a02", ["p1+"], ["p1-"]),
        ("a04", ["p1-"], []),
        ("m01", [], ["p1+"]),
    ]
    assert lines[0]["cue"]
    assert "source" not in lines[2]


def test_agreement_by_hand() -> None:
    """Eight attributions × three propositions: 24 cells, 22 alike; 4 filled to the first, 3 to the second, 2 alike."""
    story, _, paired = found()
    made = figures([counts(story, paired)])
    plus = (3 / 24) * (2 / 24)
    minus = (1 / 24) * (1 / 24)
    empty = (20 / 24) * (21 / 24)
    chance = plus + minus + empty
    assert made["kappa(position)"] == pytest.approx((22 / 24 - chance) / (1 - chance))
    assert made["F1(position)"] == pytest.approx(2 * 2 / (4 + 3))
    assert made["F1(narrator)"] == pytest.approx(2 * 1 / (1 + 2))


def test_a_reading_agrees_with_itself() -> None:
    article = annotated()
    paired = units(STORY, [article], FIRST, FIRST)
    story = apply(STORY, [article], list(enumerate(FIRST, 1)))[0]
    assert all(u.agreed for u in paired)
    assert list(figures([counts(story, paired)]).values()) == pytest.approx([1.0, 1.0, 1.0])
    assert decide([article], paired, FIRST, []) == FIRST


def test_decisions_make_the_draft() -> None:
    _, articles, paired = found()
    decisions = [
        {"article": "a0001", "id": "a02", "positions": ["p1+"], "reason": "says so"},
        {"article": "a0001", "id": "a04", "positions": []},
        {"article": "a0001", "id": "m01", "positions": ["p1+"]},
        {"article": "a0001", "id": "n01", "positions": []},
    ]
    _, layers = apply(STORY, articles, list(enumerate(decide(articles, paired, FIRST, decisions), 1)))
    made = {a.id: [f"{p.proposition}{p.polarity}" for p in a.positions] for a in layers["a0001"] if a.positions}
    assert made == {"a02": ["p1+"], "a03": ["p1+"], "a07": ["p3+"], "n01": ["p1+"]}


def test_what_is_undecided_or_unknown_is_named() -> None:
    _, articles, paired = found()
    with pytest.raises(PositionError, match=r"(?s)a0001/a02 is undecided.*a0001/m01 is undecided.*no unit a0001/a99"):
        decide(articles, paired, FIRST, [{"article": "a0001", "id": "a99", "positions": []}])


def test_a_passage_of_two_pieces_that_only_the_second_reader_has_is_added() -> None:
    article = annotated()
    piece = {"article": "a0001", "id": "n02", "at": [2, 2], "claim": "The || leak", "positions": ["p1+"]}
    second = [*SECOND[:-1], piece]
    words = article.text[article.sentences[1].start : article.sentences[1].end].split()
    piece["claim"] = f"{words[0]} || {words[-1].rstrip('.')}"
    paired = units(STORY, [article], FIRST, second)
    decisions = [{"article": "a0001", "id": u.id, "positions": list(u.right or u.left)} for u in paired if not u.agreed]
    made = decide([article], paired, FIRST, decisions)
    assert made[-1]["at"] == [2, 2]
    apply(STORY, [article], list(enumerate(made, 1)))
