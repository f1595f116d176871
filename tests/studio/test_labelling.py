"""The labelling config: made from the schema, linted, and never changed under existing annotations."""

from __future__ import annotations

import pytest

from allegedly.schema import KINDS, STANCES
from allegedly.studio import StudioError
from allegedly.studio import labelling as ls


def test_it_offers_what_the_schema_has_and_passes_its_own_lint() -> None:
    found = ls.controls(ls.config())
    assert found["stance"] == set(STANCES)
    assert found["kind"] == set(KINDS) - {"narrator"}
    assert ls.lint(ls.config()) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('value="deny"', 'value="reject"', "'reject' is unknown to the schema"),
        ('hotkey="d"', 'hotkey="a"', "key 'a' stands for more than one"),
        ('hotkey="d"', 'hotkey="u"', "Label Studio's own"),
        ('name="named"', 'name="title"', "control 'named' is missing"),
        ("<Text ", "<HyperText ", "count code points"),
    ],
)
def test_lint_finds(old, new, said) -> None:
    assert any(said in problem for problem in ls.lint(ls.config().replace(old, new)))


def test_what_annotations_use_and_a_config_drops_is_named() -> None:
    used = ls.controls(ls.config())
    assert ls.orphaned(used, ls.config()) == []
    assert ls.orphaned(used, ls.config().replace('value="deny"', 'value="reject"')) == ["stance: 'deny'"]


def test_no_xml() -> None:
    with pytest.raises(StudioError, match="no XML"):
        ls.controls("<View>")
