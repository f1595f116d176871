"""Linking and disputes: items, hiding, scores by hand, floors, and the pairs that positions make."""

from __future__ import annotations

import pytest

from allegedly.dataset.configs import CONFIGS
from allegedly.evaluation import evaluate
from allegedly.pairs import pairs
from allegedly.scoring.measures import parse_measure
from allegedly.store import Corpus, RecordError, UnknownIdError, write_records
from allegedly.systems import get_system
from allegedly.systems.predictions import check_predictions, template
from allegedly.tasks import Label, get_task, linking
from allegedly.validate import validate
from conftest import annotated, write_corpus
from test_positions import LINES, STORY, drafted

LINK, DISPUTES = get_task("linking"), get_task("disputes")


def two_articles():
    from allegedly.positions import apply

    articles = [annotated(f"a000{n}", "s1") for n in (1, 2)]
    lines = [line | {"article": a.id} for a in articles for line in LINES]
    story, layers = apply(STORY, articles, drafted(lines))
    return story, [a.with_attributions(layers[a.id]) for a in articles]


def test_items_of_linking_are_the_claims_with_a_worded_source(article) -> None:
    items = LINK.items(article)
    assert [i.id[-3:] for i in items] == ["a01", "a02", "a03", "a04", "a05", "a06", "a07"]
    assert [article.slice(m) for m in linking.mentions(article)] == [
        "Port body", "The dock union", "The Harbour Authority", "its director, Ansa Brill", "Brill",
    ]  # fmt: skip
    assert [i.answer for i in items] == ["m01", "m02", "m03", "m04", "m04", "m05", "m05"]


def test_a_linking_system_sees_mentions_but_not_whose(article) -> None:
    hidden = LINK.hide(article)
    assert [i.id for i in LINK.items(hidden)] == [i.id for i in LINK.items(article)]
    assert all(not a.source.spans and not a.cue.spans and a.via is None for a in hidden.attributions)
    assert {i.answer for i in LINK.items(hidden)} == {""}
    assert linking.mentions(hidden) == linking.mentions(article)


def test_link_accuracy_by_hand(article) -> None:
    """a05 speaks from the sentence before; a06 is answered by another mention, which counts where it is the same entity."""
    answers = ["m01", "m02", "m01", "m04", "m04", "m04", "m05"]
    predictions = {i.id: Label(x) for i, x in zip(LINK.items(article), answers, strict=True)}
    found = {m: evaluate(LINK, [article], predictions).score(m).value for m in LINK.measures}
    assert found["LinkAccuracy(mention)"] == pytest.approx(5 / 7)
    assert found["LinkAccuracy(within=sentence)"] == pytest.approx(4 / 6)
    assert found["LinkAccuracy(beyond=sentence)"] == 1.0
    assert found["LinkAccuracy(pronoun)"] == 0.0  # none of them
    brill = {"its director, Ansa Brill", "Brill"}
    same = article.with_attributions(
        tuple(
            a.model_copy(update={"source": a.source.model_copy(update={"entities": ("brill",) if article.slice(a.source.spans) in brill else ()})})
            for a in article.attributions
        )
    )  # fmt: skip
    assert evaluate(LINK, [same], predictions, ["LinkAccuracy(entity)"]).score(
        "LinkAccuracy(entity)"
    ).value == pytest.approx(6 / 7)
    assert str(parse_measure("LinkAccuracy(within=sentence)")) == "LinkAccuracy(within=sentence)"


def test_nearest_links_within_the_sentence_first(article) -> None:
    found = get_system("nearest", "linking").predict([LINK.hide(article)])
    assert [found[f"a0001/a0{n}"].label for n in range(1, 8)] == ["m01", "m02", "m03", "m04", "m04", "m05", "m05"]


def test_predictions_of_linking_are_checked_against_the_items_own_choices(article) -> None:
    lines = template(LINK, [article])
    assert lines[0] == {"id": "a0001/a01", "linking": ""}
    good = [(n, line | {"linking": "m01"}) for n, line in enumerate(lines, 1)]
    assert len(check_predictions(iter(good), LINK, [article], "x").predictions) == 7
    with pytest.raises(RecordError, match="expected one of m01, m02"):
        check_predictions(iter([(1, lines[0] | {"linking": "m09"})]), LINK, [article], "x")


def test_pairs_follow_from_positions() -> None:
    story, articles = two_articles()
    found = {(p.left, p.right): p.relation for p in pairs(story, articles, 50)}
    assert found["a0001/a02", "a0002/a02"] == "same"  # the union, twice
    assert found["a0001/a02", "a0001/a03"] == "opposed"  # the union holds it, the authority denies it
    assert found["a0001/a03", "a0001/a04"] == "same"  # one denies, one asserts the contrary
    assert ("a0001/a02", "a0001/a07") not in found  # a07 holds nothing: it is relayed by a denial
    assert all(p.id.count(".") == 2 for p in pairs(story, articles, 50))
    assert pairs(story, articles, 50) == pairs(story, articles[::-1], 50)
    few = pairs(story, articles, 3)
    assert sum(p.relation == "same" for p in few) <= 3
    assert sum(p.left[:5] != p.right[:5] for p in few) * 2 >= len(few)


def test_disputes_end_to_end(tmp_path) -> None:
    story, articles = two_articles()
    root = write_corpus(tmp_path / "toy", articles)
    write_records(root / "corpus" / "stories.jsonl", [story])
    write_records(root / "corpus" / "pairs.jsonl", pairs(story, articles, 50))
    corpus = Corpus(root)
    rows = list(CONFIGS["disputes"].of(corpus.annotated()))
    assert {r["label"] for r in rows} <= {"same", "opposed", "unrelated"}
    assert len(list(CONFIGS["linking"].of(corpus.annotated()))) == 14
    annotated_articles = corpus.annotated("train")
    hidden = [DISPUTES.hide(a) for a in annotated_articles]
    assert all(not x.positions for a in hidden for x in a.attributions)
    assert {p.relation for a in hidden for p in a.pairs} == {"unrelated"}
    system = get_system("overlap", "disputes").fit(annotated_articles)
    found = system.predict(hidden)
    assert found.keys() == {r["id"] for r in rows}
    gold = {i.id: Label(i.answer) for a in annotated_articles for i in DISPUTES.items(a)}
    assert evaluate(DISPUTES, annotated_articles, gold, ["F1(same)"]).score("F1(same)").value == 1.0
    assert [f for f in validate(root) if f.code not in ("A035",)] == []


def test_a_system_that_does_not_answer_a_task_is_left_out_of_it(corpus_folder) -> None:
    from allegedly.benchmark import run

    found = run(Corpus(corpus_folder), ["majority", "nearest", "rules"], draws=50)
    assert {(r.task, r.system) for r in found if r.system == "nearest"} == {("linking", "nearest")}
    with pytest.raises(UnknownIdError, match="nearest"):
        run(Corpus(corpus_folder), ["nerest"])
