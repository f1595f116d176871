"""The second step, and the dispute matrix that it makes."""

from __future__ import annotations

import pytest

from allegedly.matrix import holds, matrix
from allegedly.positions import PositionError, apply
from allegedly.report.page import page
from allegedly.schema import CANARY, Position, Story
from conftest import annotated, by_id

STORY = Story(id="s1", title="A <leak>", canary=CANARY)
INVENTORY = {
    "entities": [
        {"id": "union", "name": "the dock union", "kind": "organization"},
        {"id": "harbour", "name": "the Harbour Authority", "kind": "government"},
        {"id": "brill", "name": "Ansa Brill", "kind": "government"},
    ],
    "propositions": [
        {"id": "p1", "text": "There was a second leak.", "excludes": ["p2"]},
        {"id": "p2", "text": "There was one leak alone."},
        {"id": "p3", "text": "The pumps were off."},
    ],
}
LINES = [
    {"article": "a0001", "id": "a02", "entities": ["union"], "positions": ["p1+"]},
    {"article": "a0001", "id": "a03", "entities": ["harbour"], "positions": ["p1+"]},
    {"article": "a0001", "id": "a04", "entities": ["brill"], "positions": ["p1-"]},
    {"article": "a0001", "id": "a07", "entities": ["brill"], "positions": ["p3+"]},
    {"article": "a0001", "id": "n01", "at": 7, "claim": "An estimated 40 lorries were aboard", "positions": ["p2+"]},
]


def drafted(lines=LINES):
    return [(n, line) for n, line in enumerate([INVENTORY, *lines], 1)]


def test_positions_make_the_matrix() -> None:
    article = annotated()
    story, layers = apply(STORY, [article], drafted())
    assert story.propositions[1].excludes == ("p1",)
    assert layers["a0001"][-1].is_narrator
    found = matrix(story, [article.with_attributions(layers["a0001"])])
    assert found.who("p1", holds=True) == ("the dock union",)
    assert found.who("p1", holds=False) == (
        "the Harbour Authority",
        "Ansa Brill",
    )  # one denies, one asserts the contrary
    assert found.who("p2", holds=True) == ("The Port Post (narrator)",)
    assert [r.id for r in found.rows] == ["p1", "p2"]  # Brill denied telling that the pumps were off: holds nothing


@pytest.mark.parametrize(
    ("stance", "polarity", "expected"),
    [("assert", "+", True), ("deny", "-", True), ("assert", "-", False), ("deny", "+", False), ("none", "+", None)],
)
def test_the_table_of_holding_and_rejecting(stance, polarity, expected) -> None:
    attribution = by_id(annotated())["a04"].model_copy(
        update={"stance": stance, "positions": (Position(proposition="p1", polarity=polarity),)}
    )
    assert list(holds(attribution, {})) == ([] if expected is None else [("p1", expected)])


def test_applying_twice_is_applying_once() -> None:
    article = annotated()
    _, once = apply(STORY, [article], drafted())
    _, twice = apply(STORY, [article.with_attributions(once["a0001"])], drafted())
    assert once == twice


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"article": "a0009", "id": "a01"}, "no article 'a0009'"),
        ({"article": "a0001", "id": "a99"}, "no attribution a0001/a99"),
        ({"article": "a0001", "id": "a01", "positions": ["p9+"]}, "expected a proposition of s1"),
        ({"article": "a0001", "id": "a01", "positions": ["p1"]}, "expected a proposition of s1"),
        ({"article": "a0001", "id": "a01", "positions": ["p1+", "p1-"]}, "two positions"),
        ({"article": "a0001", "id": "a01", "entities": ["who"]}, "no entity 'who'"),
        ({"article": "a0001", "id": "a08", "entities": ["brill"]}, "without words has no entities"),
        ({"article": "a0001", "id": "a02"}, "stands twice"),
        ({"article": "a0001", "id": "n02", "claim": "no such words", "positions": ["p1+"]}, "is not in the text"),
        ({"article": "a0001", "id": "n02", "claim": "40 lorries"}, "takes a position"),
    ],
)
def test_a_bad_line_is_named_with_its_number(line, message) -> None:
    with pytest.raises(PositionError, match=rf"draft:7: .*{message}"):
        apply(STORY, [annotated()], drafted([*LINES, line]))


def test_the_page_links_each_mark_to_its_words_and_stays_inert() -> None:
    article = annotated()
    story, layers = apply(STORY, [article], drafted())
    article = article.with_attributions(layers["a0001"])
    made = page([article], "about", matrix(story, [article]))
    assert "A &lt;leak&gt;" in made
    assert 'href="#a0001-a03"' in made
    assert made.count('id="a0001-a03"') == 1
