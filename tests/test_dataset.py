from __future__ import annotations

import pytest

import allegedly
from allegedly.schema import CANARY
from allegedly.store import Corpus, UnknownIdError


def test_rows(corpus_folder) -> None:
    corpus = Corpus(corpus_folder)
    rows = allegedly.load("stance", corpus=corpus)
    assert len(rows) == 32
    assert {r["label"] for r in rows} == {"assert", "deny"}
    assert all(r["text"][s["start"] : s["end"]] == s["text"] for r in rows for s in r["claim"])
    assert all(r["canary"] == CANARY for r in rows)
    assert [r["id"] for r in allegedly.load("articles", corpus=corpus)] == ["a0001", "a0002", "a0003", "a0004"]
    assert allegedly.load("detection", corpus=corpus)[0]["sentence"] == "Port body denies second leak, part 1"
    with pytest.raises(UnknownIdError, match="stance"):
        allegedly.load("stanec", corpus=corpus)


def test_datasets(corpus_folder, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    made = allegedly.load("stance", as_="datasets", corpus=Corpus(corpus_folder))
    assert made.num_rows == 32
    assert made[0]["label"] == "deny"
