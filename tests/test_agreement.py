"""Agreement against hand-worked cases and scikit-learn's and krippendorff's own figures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from allegedly.agreement import NoAgreementError, agreement, by, grouping, pairs
from allegedly.store import Corpus, UnknownIdError, dump_records
from conftest import annotated
from test_cli import run


def test_a_layer_agrees_with_itself() -> None:
    article = annotated()
    found = agreement("all", [(article, article)])
    assert found.matched == 8
    assert found.figures.pop("kappa(named)") == pytest.approx(1.0)
    assert all(v == pytest.approx(1.0) for v in found.figures.values()), found.figures


def test_by_hand() -> None:
    """Of eight lines one is missing, one has another stance: F1 is 2·7 / (8 + 7), kappa as worked out below."""
    article = annotated()
    lines = [a for a in article.attributions if a.id != "a08"]
    lines[1] = lines[1].model_copy(update={"stance": "none"})
    found = agreement("all", [(article, article.with_attributions(tuple(lines)))])
    assert found.lines == (8, 7)
    assert found.figures["AttributionF1(exact)"] == pytest.approx(14 / 15)
    # left: 3 deny, 4 assert; right: 3 deny, 3 assert, 1 none; 6 of 7 agree
    chance = (3 * 3 + 4 * 3) / 49
    assert found.figures["kappa(stance)"] == pytest.approx((6 / 7 - chance) / (1 - chance))
    assert found.figures["same(via)"] == 1.0


def test_alpha_by_hand() -> None:
    """Nominal alpha of two coders: 1 - (n - 1) · disagreements / (2 · n0 · n1 / 2), over all values of both."""
    article = annotated()
    half = article.with_attributions(article.attributions[:4])
    found = agreement("all", [(article, half)]).figures["alpha(claim)"]
    inside = [
        [any(s.start <= t.start < s.end for a in x.attributions for s in a.claim.spans) for t in article.tokens]
        for x in (article, half)
    ]
    a, b = np.array(inside)
    ones, values = int(a.sum() + b.sum()), 2 * len(a)
    observed = 2 * int((a != b).sum()) / values
    expected = 2 * ones * (values - ones) / (values * (values - 1))
    assert found == pytest.approx(1 - observed / expected)


def test_only_doubly_annotated_articles_count(corpus_folder) -> None:
    corpus = Corpus(corpus_folder)
    with pytest.raises(NoAgreementError, match="share no article"):
        pairs(corpus, "one", "two")
    for layer, names in (("one", ("a0001", "a0002", "a0003")), ("two", ("a0002", "a0003", "a0004"))):
        for name in names:
            path = corpus.path("annotations", "layers", layer, f"{name}.jsonl")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(dump_records(corpus.article(name).attributions))
    found = by(pairs(corpus, "one", "two"), grouping(corpus, "story"))
    assert [(g.group, g.articles) for g in found] == [("s1", 1), ("s2", 1), ("all", 2)]
    with pytest.raises(UnknownIdError, match="round"):
        grouping(corpus, "rounds")
    corpus.path("annotations", "rounds.json").write_text(json.dumps({"1": ["s2"]}))
    assert [g.group for g in by(pairs(corpus, "one", "two"), grouping(corpus, "round"))] == [
        "after the rounds",
        "round 1",
        "all",
    ]
    done = run("agree", "one", "two", "--corpus", str(corpus_folder), "--by", "story")
    assert b"attributions (1 / 2)" in done.stdout
    assert b"16 / 16" in done.stdout


def without_entities(attributions):
    return [
        a.model_copy(update={"positions": (), "source": a.source.model_copy(update={"entities": ()})})
        for a in attributions
    ]


def test_register_adjudicate_positions_who(corpus_folder, tmp_path) -> None:
    """The maintainer's road through the command line, from a text to the matrix."""
    where = ("--corpus", str(corpus_folder))
    text = corpus_folder / "corpus" / "texts" / "a0005.txt"
    text.write_bytes((corpus_folder / "corpus" / "texts" / "a0001.txt").read_bytes())
    record = {"id": "a0005", "publisher": "P", "published": "2033-01-01", "story": "s9", "form": "f", "domain": "d", "variety": "en", "split": "train"}  # fmt: skip
    new = tmp_path / "new.jsonl"
    new.write_bytes(dump_records([record]))
    assert b"give its title" in run("register", str(new), *where).stderr
    new.write_bytes(dump_records([record | {"title": "T"}]))
    assert b"a0005: registered" in run("register", str(new), *where).stdout
    assert run("register", str(new), *where).stdout == b""
    for layer in ("annotator-1", "annotator-2"):
        path = corpus_folder / "annotations" / "layers" / layer / "a0005.jsonl"
        path.parent.mkdir(parents=True)
        path.write_bytes(dump_records(without_entities(Corpus(corpus_folder).article("a0001").attributions)))
    text.write_text("Other", "utf-8")
    assert b"would shift" in run("register", str(new), *where).stderr
    text.write_bytes((corpus_folder / "corpus" / "texts" / "a0001.txt").read_bytes())
    assert b"8 units, 8 agreed" in run("adjudicate", "a0005", *where).stderr
    decisions = tmp_path / "d.jsonl"
    decisions.write_bytes(dump_records([{"id": "u08", "drop": True, "reason": "no"}]))
    assert b"7 attributions, 1 decisions" in run("adjudicate", "a0005", "--decisions", str(decisions), *where).stdout
    draft = tmp_path / "p.jsonl"
    inventory = {"entities": [], "propositions": [{"id": "p1", "text": "It leaked."}]}
    draft.write_bytes(dump_records([inventory, {"article": "a0005", "id": "a02", "positions": ["p1+"]}]))
    assert b"1 attributions take" in run("positions", "s9", str(draft), *where).stdout
    assert b"The dock union (a0005/a02)" in run("who", "a0005", *where).stdout
    assert run("who", "s9", "--html", str(tmp_path / "x.html"), *where).returncode == 0
    assert [line[:4] for line in run("validate", *where).stdout.splitlines()] == [b"A035"]  # the same text twice
    assert b"no story or article" in run("who", "s8", *where).stderr
