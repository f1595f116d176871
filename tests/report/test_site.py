"""The benchmark's page: what it says, and that nothing in a corpus can make it do anything else."""

from __future__ import annotations

import json
import re

import pytest

from allegedly.benchmark import run
from allegedly.report.cards import cards
from allegedly.report.site import render, site
from allegedly.results import append
from allegedly.store import Corpus
from conftest import annotated, write_corpus

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def measured(tmp_path) -> Corpus:
    """Four stories, two of them held out, with results kept beside the corpus."""
    articles = [annotated(f"a{n:04}", f"s{n}", split="train" if n < 3 else "test") for n in range(1, 5)]
    corpus = Corpus(write_corpus(tmp_path / "toy", articles))
    home = corpus.path("benchmarks")
    append(run(corpus, ["rules", "majority", "cue-only"], home=home, draws=50), home)
    append(run(corpus, ["cue-only"], fraction=0.5, home=home, draws=50), home)
    return corpus


def embedded(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_page_holds_scores_errors_and_pictures(measured) -> None:
    page = site(measured)
    assert "StanceF1, 95 % interval" in page
    assert "Learning curve: StanceF1" in page
    assert "reliability of cue-only" in page
    data = embedded(page)
    assert list(data["systems"]) == ["rules"]  # majority predicts no attribution: there is nothing to look at
    assert [a["id"] for a in data["articles"]] == ["a0003", "a0004"]
    gold, answer = data["articles"][0]["gold"], data["systems"]["rules"][0]
    assert len(gold) == len(answer["losses"]) == 8
    text = data["articles"][0]["text"]
    start, end = gold[1][data["fields"].index("claim")][0]
    assert text[start:end] == measured.article("a0003").slice(measured.article("a0003").attributed[1].claim.spans[:1])
    missed = [n for n, (kind, found) in enumerate(answer["losses"]) if kind == 0]
    assert all(answer["losses"][n][1] == -1 for n in missed)


def test_nothing_is_fetched_and_the_one_script_is_named_by_digest(measured) -> None:
    page = site(measured)
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#)""", page)
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    assert page.count("<script") == 2


def test_ids_titles_and_texts_are_data_never_markup() -> None:
    text = f"{EVIL}\n\nThe mayor said the dam was dry."
    page = render(
        tasks=[],
        reliability=[],
        notes=[EVIL],
        about=EVIL,
        data={"articles": [{"text": text, "title": EVIL}], "systems": {}},
    )
    assert "<img" not in page
    assert page.count("<script") == 2
    assert embedded(page)["articles"][0]["text"] == text


def test_a_corpus_that_nobody_measured_says_so(corpus_folder) -> None:
    page = site(Corpus(corpus_folder))
    assert "Not measured on this corpus yet" in page
    assert embedded(page)["systems"] == {}


def test_cards_show_an_example_of_training_and_the_answers_of_test(measured) -> None:
    from allegedly.evaluation import protocol

    made = {c.task: c for c in cards(measured, protocol(measured))}
    assert set(made) == {"detection", "extraction", "linking", "stance"}
    assert dict(made["stance"].example)["answer"] == "deny"
    assert sum(n for _, n in made["stance"].labels) == made["stance"].items == 16
    assert dict(made["stance"].measures)["StanceF1"].startswith("The mean of assert-F1")
