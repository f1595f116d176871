"""The practice passages: ten, each whole in itself; a right answer has no miss, each wrong one its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from allegedly.store import open_corpus
from allegedly.studio import onboarding, practice

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def items():
    return practice.items(open_corpus(ROOT))


def test_ten_passages_of_the_train_split_alone(items) -> None:
    assert len(items) == practice.ITEMS
    train = "".join(a.text for a in open_corpus(ROOT).articles("train"))
    for item in items:
        body = item.article.text.split("\n\n", 1)[1].strip()
        assert body in train
        for a in item.article.attributed:
            for spans in a.roles.values():
                assert all(s.text and item.article.text[s.start : s.end] == s.text for s in spans)


def test_gold_itself_has_no_miss(items) -> None:
    assert [m for i in items for m in practice.judge(i, i.article.attributed)] == []


def changed(item, **fields):
    first, *rest = item.article.attributed
    return [first.model_copy(update=fields), *rest]


def test_each_kind_of_miss_has_its_reason(items) -> None:
    item = items[1]
    gold = item.article.attributed
    assert any("missed" in m.what for m in practice.judge(item, gold[1:]))
    assert any("not in gold" in m.what for m in practice.judge(items[0], [*items[0].article.attributed, gold[0]]))
    other = "none" if gold[0].stance != "none" else "assert"
    (miss,) = practice.judge(item, changed(item, stance=other))
    assert "stance" in miss.what
    assert "card, 5" in miss.why
    (miss,) = practice.judge(item, changed(item, source=gold[0].source.model_copy(update={"kind": "group"})))
    assert "kind" in miss.what
    span = gold[0].claim.spans[0]
    shorter = span.model_copy(update={"start": span.start + 1, "text": span.text[1:]})
    claim = gold[0].claim.model_copy(update={"spans": (shorter, *gold[0].claim.spans[1:])})
    assert "card, 2" in practice.judge(item, changed(item, claim=claim))[0].why
    linked = next(i for i in items if any(a.refers for a in i.article.attributed))
    without = [a.model_copy(update={"refers": None}) for a in linked.article.attributed]
    assert any("card, 7" in m.why for m in practice.judge(linked, without))


def test_the_annotators_page_is_the_one_in_the_docs() -> None:
    assert (ROOT / "docs/annotators.md").read_text("utf-8") == onboarding.page(open_corpus(ROOT)), (
        "allegedly studio page > docs/annotators.md"
    )


def test_the_instruction_is_html_without_stray_markup() -> None:
    shown = onboarding.instruction(open_corpus(ROOT))
    assert "**" not in shown
    assert "<script" not in shown
