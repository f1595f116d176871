"""Two layers side by side, and gold of them."""

from __future__ import annotations

import pytest

from allegedly.adjudicate import DecisionError, decide, units, worksheet
from conftest import annotated, by_id

NAMES = ("one", "two")


def layers():
    article = annotated()
    left = list(article.attributions)
    right = [a for a in left if a.id != "a08"]
    right[1] = right[1].model_copy(update={"stance": "none"})
    return article, left, right


def test_units_say_what_differs_and_lose_no_line() -> None:
    article, left, right = layers()
    found = units(article, left, right)
    assert sum(u.readings[0] is not None for u in found) == len(left)
    assert sum(u.readings[1] is not None for u in found) == len(right)
    assert [u.differs for u in found if not u.agreed] == [("stance",), ("only one",)]
    lines = worksheet(article, found, NAMES)
    assert [line["unit"] for line in lines if "by" in line] == ["u02", "u02", "u08"]
    assert {line["refers"] for line in lines if line["unit"] in ("u01", "u03")} == {"u02"}


def test_a_different_boundary_is_one_unit_not_two() -> None:
    article, left, _ = layers()
    short = left[3].claim.model_copy(
        update={"spans": (left[3].claim.spans[0].model_copy(update={"end": left[3].claim.spans[0].end - 6}),)}
    )
    found = units(article, left, [left[3].model_copy(update={"claim": short, "id": "b1"})])
    assert next(u for u in found if None not in u.readings).differs == ("claim",)


def test_gold_takes_changes_drops_and_adds() -> None:
    article, left, right = layers()
    decisions = [
        {"id": "u02", "take": "one", "claim": "a second leak", "at": 2, "reason": "the leak is what is said"},
        {"id": "u08", "drop": True, "reason": "no attribution"},
        {"id": "n01", "at": 7, "source": "", "cue": "estimated", "claim": "40 lorries were aboard", "stance": "assert", "kind": "unspecified", "named": False, "via": None, "refers": None, "reason": "missed"},
    ]  # fmt: skip
    gold = decide(article, units(article, left, right), NAMES, decisions)
    assert [a.id for a in gold.attributions] == [f"a{n:02}" for n in range(1, 9)]
    made = by_id(article.with_attributions(gold.attributions))
    assert article.slice(made["a02"].claim.spans) == "a second leak"
    assert made["a03"].refers == "a02"
    assert [(r["gold"] and r["gold"]["id"], bool(r["one"]), bool(r["two"])) for r in gold.log] == [
        ("a02", True, True), (None, True, False), ("a08", False, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("decisions", "message"),
    [
        ([], "u02: not decided"),
        ([{"id": "u02", "take": "three", "reason": "x"}], "expected one of one, two"),
        ([{"id": "u02", "take": "one"}], "needs a reason"),
        ([{"id": "u08", "take": "two", "reason": "x"}], "two has no such line"),
        ([{"id": "u02", "drop": True, "reason": "x"}], "refers 'u02' is dropped"),
        ([{"id": "u99", "drop": True, "reason": "x"}], "nothing to drop"),
        ([{"id": "u02", "take": "one", "reason": "x"}] * 2, "decided twice"),
    ],
)
def test_a_bad_decision_is_named(decisions, message) -> None:
    article, left, right = layers()
    with pytest.raises(DecisionError, match=message):
        decide(article, units(article, left, right), NAMES, decisions)
