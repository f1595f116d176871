"""The dataset: what rows hold, that a build is the same everywhere, and that nothing stale or tampered with is served."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import allegedly
from allegedly.dataset import CONFIGS, DatasetError, build
from allegedly.dataset.card import lint
from allegedly.dataset.load import rows
from allegedly.schema import CANARY
from allegedly.store import Corpus, UnknownIdError
from conftest import annotated, write_corpus

SPLITS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def homes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def corpus(tmp_path) -> Corpus:
    """Two articles of training, one of each other split."""
    return made(tmp_path / "toy")


def made(root) -> Corpus:
    splits = ("train", "train", "validation", "test")
    return Corpus(write_corpus(root, [annotated(f"a{n:04}", f"s{n}", split=s) for n, s in enumerate(splits, 1)]))


def edit(corpus: Corpus) -> Corpus:
    """The first article's second line becomes a denial of its own."""
    path = corpus.path("annotations", "gold", "a0001.jsonl")
    path.write_text(path.read_text("utf-8").replace('"stance":"deny"', '"stance":"none"', 1), "utf-8")
    return Corpus(corpus.root)


def test_rows(corpus) -> None:
    found = allegedly.load("stance", corpus=corpus)
    assert len(found) == 16
    assert {r["label"] for r in found} == {"assert", "deny"}
    assert all(r["text"][s["start"] : s["end"]] == s["text"] for r in found for s in r["claim"])
    assert [r["id"] for r in allegedly.load("articles", corpus=corpus)] == ["a0001", "a0002"]
    assert allegedly.load("detection", corpus=corpus)[0]["sentence"] == corpus.article("a0001").title
    for name in CONFIGS:
        for split in SPLITS:
            each = allegedly.load(name, split, corpus=corpus)
            assert all(r["canary"] == CANARY and list(r) == list(CONFIGS[name].columns) for r in each), name


def test_tags_say_where_sources_cues_and_claims_are(corpus) -> None:
    (row,) = allegedly.load("extraction_bio", "test", corpus=corpus)
    assert [row["text"][a:b] for a, b in zip(row["starts"], row["ends"], strict=True)] == row["tokens"]
    begun = sum(tag == "B" for tag in row["source_tags"])
    spans = {(s.start, s.end) for a in corpus.article("a0004").attributed for s in a.source.spans}
    assert begun == len(spans)
    assert set(row["claim_tags"]) == {"O", "B", "I"}


def test_events_are_attributions(corpus) -> None:
    (row,) = allegedly.load("bigbio_kb", "test", corpus=corpus)
    article = corpus.article("a0004")
    assert [e["type"] for e in row["events"]] == [a.stance for a in article.attributed]
    known = {e["id"] for e in row["entities"]}
    assert all(x["ref_id"] in known for e in row["events"] for x in e["arguments"])
    for entity in row["entities"]:
        assert [row["text"][a:b] for a, b in entity["offsets"]] == entity["text"]
    assert {r["type"] for r in row["relations"]} == {"via", "refers"}


@pytest.mark.parametrize(
    ("arguments", "choices"),
    [(("stanec",), "stance"), (("stance", "dev"), "validation"), (("stance", "test", "csv"), "polars")],
)
def test_a_wrong_name_lists_the_right_ones(corpus, arguments, choices) -> None:
    with pytest.raises(UnknownIdError, match=choices):
        allegedly.load(*arguments, corpus=corpus)


def test_as_datasets_and_pandas(corpus) -> None:
    dataset = allegedly.load("stance", as_="datasets", corpus=corpus)
    assert dataset.num_rows == 16
    assert dataset.features["label"].int2str(dataset[0]["label"]) == "deny"
    frame = allegedly.load("stance", as_="pandas", corpus=corpus)
    assert list(frame["label"]) == [r["label"] for r in allegedly.load("stance", corpus=corpus)]


def test_a_build_is_the_same_again_and_under_another_hash_seed(corpus, tmp_path) -> None:
    one, two = build(corpus, tmp_path / "one"), build(corpus, tmp_path / "two")
    assert one == two
    done = subprocess.run(
        [sys.executable, "-m", "allegedly", "build", str(tmp_path / "three"), "-c", str(corpus.root)],
        env=os.environ | {"PYTHONHASHSEED": "77"},
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert b"16 train" in done.stdout
    assert json.loads((tmp_path / "three" / "MANIFEST.json").read_text()) == one
    assert lint(tmp_path / "one", one) == []


def test_the_card_is_linted(corpus, tmp_path) -> None:
    manifest = build(corpus, tmp_path / "d")
    card = tmp_path / "d" / "README.md"
    text = card.read_text("utf-8")
    card.write_text(
        text.replace("## Contact", "## Post").replace("num_examples: 16", "num_examples: 17").replace(CANARY, "")
    )
    assert lint(tmp_path / "d", manifest) == [
        "no section 'Contact'",
        "no canary",
        "stance/train: the card has 17 rows, the manifest 16",
    ] or "no canary" in lint(tmp_path / "d", manifest)


def test_an_edit_is_built_anew_at_the_next_load(corpus) -> None:
    before = [r["label"] for r in allegedly.load("stance", corpus=corpus)]
    after = [r["label"] for r in allegedly.load("stance", corpus=edit(corpus))]
    assert before != after
    assert after.count("none") == 1


def test_a_tampered_or_missing_file_is_refused(corpus) -> None:
    folder = allegedly.path(corpus)
    file = folder / "data" / "stance" / "train.parquet"
    other = (folder / "data" / "stance" / "test.parquet").read_bytes()
    file.write_bytes(other)
    with pytest.raises(DatasetError, match="does not hold the rows"):
        allegedly.load("stance", corpus=corpus)
    file.write_bytes(other[:-100])
    with pytest.raises(DatasetError, match="cannot be read"):
        allegedly.load("stance", corpus=corpus)
    file.unlink()
    with pytest.raises(DatasetError, match="missing"):
        allegedly.load("stance", corpus=corpus)


def test_a_corpus_without_a_split_is_no_dataset(tmp_path) -> None:
    corpus = Corpus(write_corpus(tmp_path / "one", [annotated()]))
    with pytest.raises(DatasetError, match="validation, test"):
        build(corpus, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".dataset*"))


def test_datasets_serves_no_stale_rows(corpus, tmp_path) -> None:
    """Of an edited corpus, or of another folder of the same name: its cache is keyed on the card, which says what the rows are."""
    from datasets import load_dataset

    build(corpus, tmp_path / "x" / "hub")
    first = load_dataset(str(tmp_path / "x" / "hub"), "stance", split="train")["label"]
    build(edit(corpus), tmp_path / "x" / "hub")
    second = load_dataset(str(tmp_path / "x" / "hub"), "stance", split="train")["label"]
    build(made(tmp_path / "toy2"), tmp_path / "y" / "hub")
    third = load_dataset(str(tmp_path / "y" / "hub"), "stance", split="train")["label"]
    assert list(first) != list(second)
    assert list(third) == list(first)


def test_rows_share_their_text(corpus) -> None:
    file = allegedly.path(corpus) / "data" / "stance" / "train.parquet"
    found = list(rows(file, CONFIGS["stance"]))
    assert len({id(r["text"]) for r in found if r["article"] == "a0001"}) == 1


def test_collate_and_xy(corpus) -> None:
    batch = allegedly.collate(allegedly.load("stance", corpus=corpus)[:3])
    assert batch["id"] == ["a0001/a01", "a0001/a02", "a0001/a03"]
    assert allegedly.collate([]) == {}
    x, y, groups = allegedly.xy("stance", corpus=corpus)
    assert len(x) == len(y) == len(groups) == 16
    assert set(groups) == {"s1", "s2"}
    assert x[0].count(" | ") == 2
    with pytest.raises(UnknownIdError, match="there is detection"):
        allegedly.xy("extraction", corpus=corpus)


class Words:
    """A fast tokenizer of white-space words with one special token on each side, as `transformers` gives windows."""

    is_fast = True

    def __call__(self, text, *, max_length, stride, **_):
        import re

        found = [m.span() for m in re.finditer(r"\S+", text)]
        size, made = (
            max_length - 2,
            {"input_ids": [], "attention_mask": [], "offset_mapping": [], "special_tokens_mask": []},
        )
        for start in range(0, max(1, len(found) - stride), size - stride):
            part = found[start : start + size]
            made["offset_mapping"].append([(0, 0), *part, (0, 0)])
            made["special_tokens_mask"].append([1, *[0] * len(part), 1])
            made["input_ids"].append([0, *range(1, len(part) + 1), 2])
            made["attention_mask"].append([1] * (len(part) + 2))
        return made


def test_spans_become_labels_of_a_tokenizer_in_windows() -> None:
    row = {"text": "one two three four five six seven eight"}
    spans = [{"start": 4, "end": 13}, {"start": 19, "end": 33}]  # two three; five six seven (in part)
    (whole,) = allegedly.align(row, Words(), spans, max_length=20, stride=2)
    assert whole["labels"] == [-100, 0, 1, 2, 0, 1, 2, 2, 0, -100]
    windows = allegedly.align(row, Words(), spans, max_length=6, stride=2)
    assert [w["labels"][1:-1] for w in windows] == [[0, 1, 2, 0], [2, 0, 1, 2], [1, 2, 2, 0]]
    slow = type("Slow", (), {"is_fast": False})()
    with pytest.raises(UnknownIdError, match="use_fast"):
        allegedly.align(row, slow, spans)
