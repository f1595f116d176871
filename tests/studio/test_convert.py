"""Records ⇄ what Label Studio's screen draws: nothing lost on the way out and back, nothing trusted on the way back."""

from __future__ import annotations

import copy
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allegedly.store import open_corpus
from allegedly.studio import labelling as ls
from allegedly.studio.convert import read, region, results, trim
from conftest import annotated, make_article

ROOT = Path(__file__).parents[2]
ARTICLE = annotated()


def drawn(change=lambda r: r, base=()):
    return read(ARTICLE, change(copy.deepcopy(results(ARTICLE, ARTICLE.attributions))), base)


def said(found) -> str:
    return "\n".join(str(p) for p in found.problems)


def test_an_article_goes_out_and_comes_back() -> None:
    found = drawn(base=ARTICLE.attributions)
    assert found.problems == found.notes == []
    assert found.attributions == ARTICLE.attributions
    assert found.removed == ()


@pytest.mark.parametrize("split", ["validation", "test"])
def test_gold_comes_back_record_for_record(split) -> None:
    for article in open_corpus(ROOT).annotated(split):
        found = read(article, results(article, article.attributions), article.attributions)
        assert not found.problems
        assert found.attributions == article.attributions, article.id


@pytest.mark.slow
def test_every_layer_comes_back_record_for_record() -> None:
    corpus = open_corpus(ROOT)
    for path in sorted((ROOT / "annotations/layers").glob("*/a*.jsonl")) + sorted(
        (ROOT / "annotations/gold").glob("*")
    ):
        article = corpus.article(path.stem, layer=None if path.parent.name == "gold" else path.parent.name)
        found = read(article, results(article, article.attributions), article.attributions)
        assert not found.problems
        assert found.attributions == article.attributions, path


def test_without_what_was_pushed_the_drawn_part_is_the_same() -> None:
    found = drawn()
    for ours, theirs in zip(ARTICLE.attributions, found.attributions, strict=True):
        bare = ours.model_copy(update={"positions": (), "source": ours.source.model_copy(update={"entities": ()})})
        assert theirs == bare


def test_the_order_of_results_does_not_matter() -> None:
    for seed in range(5):

        def shuffled(r, seed=seed):
            random.Random(seed).shuffle(r)
            return r

        assert drawn(shuffled, ARTICLE.attributions).attributions == ARTICLE.attributions


def test_an_edit_changes_that_record_alone() -> None:
    def deny(result):
        next(r for r in result if r.get("id") == "a04" and r["type"] == "choices")["value"]["choices"] = ["deny"]
        return result

    found = drawn(deny, ARTICLE.attributions)
    changed = [o.id for o, t in zip(ARTICLE.attributions, found.attributions, strict=True) if o != t]
    assert changed == ["a04"]
    assert next(a for a in found.attributions if a.id == "a04").stance == "deny"


def test_new_region_ids_take_the_pushed_record_of_the_same_words() -> None:
    """A server or browser that renames regions costs no record its id."""

    def renamed(result):
        for r in result:
            for key in ("id", "from_id", "to_id"):
                if key in r:
                    r[key] = "_" + r[key][::-1]
        return result

    assert drawn(renamed, ARTICLE.attributions).attributions == ARTICLE.attributions


def test_a_drawn_claim_is_put_where_it_stands_and_keeps_its_name() -> None:
    text = ARTICLE.text
    start = text.index("The hull is sound") + 4
    new = region(text, start, start + 4, ls.CLAIM, "-_x1", stance="none")
    found = drawn(lambda r: r + new, ARTICLE.attributions)
    again = drawn(lambda r: new + r, ARTICLE.attributions)
    assert not found.problems
    assert [a.id for a in found.attributions] == [a.id for a in again.attributions]
    assert [a for a in found.attributions if a.id != "r-_x1"] == list(ARTICLE.attributions)
    assert next(a for a in found.attributions if a.id == "r-_x1").source.kind == "unspecified"


def test_a_deleted_claim_is_named() -> None:
    def without(result):
        gone = {"a08"} | {r["to_id"] for r in result if r.get("from_id") == "a08"}
        kept = [r for r in result if r.get("id") not in gone and r.get("from_id") != "a08"]
        return [r for r in kept if r.get("to_id") not in {"a08"}]

    assert drawn(without, ARTICLE.attributions).removed == ("a08",)


def test_bare_arrows_are_typed_by_their_ends() -> None:
    def bare(result):
        for r in result:
            r.pop("labels", None)
        return result

    found = drawn(bare, ARTICLE.attributions)
    assert not found.problems
    assert found.attributions == ARTICLE.attributions  # a07 lies in a06: via; a03 does not lie in a02: refers


def test_an_arrow_to_a_claim_from_its_source_is_read_the_other_way_round() -> None:
    def turned(result):
        for r in result:
            if r.get("labels") == ["source"]:
                r["from_id"], r["to_id"] = r["to_id"], r["from_id"]
        return result

    assert drawn(turned, ARTICLE.attributions).attributions == ARTICLE.attributions


def value(result, name="a04"):
    return next(r for r in result if r.get("id") == name and r["type"] == "labels")["value"]


FAULTS = {
    "out of range": (lambda r: value(r).update(end=10_000), "outside the text"),
    "negative": (lambda r: value(r).update(start=-4), "outside the text"),
    "reversed": (lambda r: value(r).update(start=value(r)["end"], end=value(r)["start"]), "must end after it starts"),
    "strings": (lambda r: value(r).update(start=str(value(r)["start"])), "whole numbers"),
    "no offsets": (lambda r: value(r).pop("start"), "whole numbers"),
    "true for one": (lambda r: value(r).update(start=True), "whole numbers"),
    "shifted": (lambda r: value(r).update(start=value(r)["start"] + 3, end=value(r)["end"] + 3), "the region says"),
    "unknown label": (lambda r: value(r).update(labels=["Quote<script>"]), "expected one label"),
    "two labels": (lambda r: value(r).update(labels=["Claim", "Cue"]), "expected one label"),
    "no stance": (lambda r: [r.remove(x) for x in list(r) if x.get("id") == "a04" and x["type"] == "choices"], "no stance"),
    "unknown stance": (lambda r: [x["value"].update(choices=["maybe"]) for x in r if x.get("from_name") == "stance"], "expected one of assert"),
    "no kind": (lambda r: [r.remove(x) for x in list(r) if x.get("from_name") == "kind"], "has no kind"),
    "dangling arrow": (lambda r: r.append({"type": "relation", "from_id": "a04", "to_id": "gone", "labels": []}), "not there"),
    "arrow between sources": (lambda r: r.append({"type": "relation", "from_id": "source-1", "to_id": "cue-1"}), "means nothing"),
    "wrong arrow label": (lambda r: [x.update(labels=["via"]) for x in r if x.get("labels") == ["source"]], "can only mean 'source'"),
    "unknown arrow label": (lambda r: [x.update(labels=["says"]) for x in r if x.get("labels") == ["source"]], "expected one of source"),
    "two vias": (lambda r: r.extend({"type": "relation", "from_id": "a07", "to_id": t, "labels": ["via"]} for t in ("a02", "a06")), "there can be one"),
    "loose source": (lambda r: r.extend(region(ARTICLE.text, 0, 4, ls.SOURCE, "new", kind="group", named="named")), "no claim has an arrow to it"),
    "choice of nothing": (lambda r: r.append({"id": "x", "type": "choices", "from_name": "stance", "value": {"choices": ["deny"]}}), "belongs to no region"),
    "another control": (lambda r: r.append({"id": "x", "type": "rating", "value": {"rating": 3}}), "not part of our labelling config"),
    "no mapping": (lambda r: r.append("<script>alert(1)</script>"), "expected a region or an arrow"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named(name) -> None:
    def spoil(result):
        FAULTS[name][0](result)
        return result

    found = drawn(spoil, ARTICLE.attributions)
    assert FAULTS[name][1] in said(found)


def test_a_result_that_is_no_list() -> None:
    assert "expected a list" in said(read(ARTICLE, {"id": 1}))
    assert "expected a list" in said(read(ARTICLE, None))


def test_offsets_that_count_utf16_units_are_recognised() -> None:
    article = make_article("Title\n\n😀😀 Brok said the dam would fail.\n")
    start = article.text.index("the dam")
    made = region(article.text, start, start + 7, ls.CLAIM, "c1", stance="assert")
    for r in made:
        r["value"] |= {"start": start + 2, "end": start + 9}
    assert "UTF-16" in said(read(article, made))


def test_label_studio_writes_line_ends_as_backslash_n_and_that_is_no_fault() -> None:
    article = make_article("Title\n\n“One line.\n\n“Two lines,” said Brok.\n")
    start = article.text.index("One")
    made = region(article.text, start, article.text.index(",”"), ls.CLAIM, "c1", stance="assert")
    made[0]["value"]["text"] = made[0]["value"]["text"].replace("\n", "\\n")
    assert read(article, made).problems == []


def test_ten_thousand_results_are_read_in_a_moment() -> None:
    text = "T\n\n" + "word " * 12_000
    article = make_article(text)
    made = []
    for k in range(5000):
        made += region(text, 3 + 5 * k, 7 + 5 * k, ls.CLAIM, f"c{k}", stance="assert")
    start = time.perf_counter()
    found = read(article, made)
    assert len(found.attributions) == 5000
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (" the dam ", "the dam"),
        ("the dam fails,”", "the dam fails"),
        ("“the dam fails”", "the dam fails"),
        ("the “old” dam", "the “old” dam"),
        ("“old” dam", "“old” dam"),
        ("he said “no”", "he said “no”"),
        ("the dam fails.", "the dam fails"),
        ("the dam in the U.S.", "the dam in the U.S."),
        ('"it fails"', "it fails"),
        ('it fails"', "it fails"),
        ("‘it fails’", "it fails"),
        ("the workers’", "the workers’"),
        ("'it's broken,' they say, 'and won't mend'", "'it's broken,' they say, 'and won't mend'"),
        ("“” ", None),
    ],
)
def test_what_a_selection_takes_along_is_trimmed(words, kept) -> None:
    found = trim(words, 0, len(words))
    assert (None if found is None else words[slice(*found)]) == kept


def test_trimming_is_noted_and_a_pushed_span_is_never_trimmed() -> None:
    text = ARTICLE.text
    start = text.index("“The hull is sound”") if "“The hull is sound”" in text else text.index("The hull is sound") - 1
    made = region(text, start, start + len("The hull is sound") + 2, ls.CLAIM, "c1", stance="assert")
    found = read(ARTICLE, made)
    assert found.attributions[0].claim.spans[0].text == "The hull is sound"
    assert "trimmed" in str(found.notes[0])


SOME = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 9), st.sampled_from(["assert", "deny", "none"])), max_size=8
)


@settings(deadline=None, max_examples=60)
@given(SOME, st.text(alphabet="ab 😀é.“”\n", min_size=70, max_size=90))
def test_any_claims_over_any_text_come_back(claims, text) -> None:
    from allegedly.schema import Attribution, Claim, Cue, Source, Span

    article = make_article("T\n" + text)
    records = []
    for number, (start, length, stance) in enumerate(claims):
        end = start + length
        records.append(
            Attribution(
                id=f"a{number}",
                source=Source(spans=(), kind="unspecified", named=False),
                cue=Cue(spans=()),
                claim=Claim(spans=(Span(start=start, end=end, text=article.text[start:end]),)),
                stance=stance,
                via="a0" if number == 2 else None,
                refers="a1" if number == 3 else None,
            )
        )
    found = read(article, results(article, records), records)
    assert not found.problems
    assert found.attributions == tuple(records)


@settings(deadline=None, max_examples=80)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda c: st.lists(c, max_size=4) | st.dictionaries(st.sampled_from(["id", "type", "value", "start", "end", "labels", "choices", "from_id", "to_id", "from_name"]), c, max_size=6), max_leaves=20))  # fmt: skip
def test_nothing_that_an_export_may_hold_breaks_the_reading(result) -> None:
    found = read(
        ARTICLE, [{"type": "labels", "id": "x", "value": result}, {"type": "choices", "value": result}, result]
    )
    assert found.problems
