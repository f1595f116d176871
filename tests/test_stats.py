"""Statistics of prose: by hand, and beside another corpus."""

from __future__ import annotations

import json

import pytest

from allegedly.report.statistics import put, table
from allegedly.schema import AllegedlyError
from allegedly.stats import Row, Text, compare, figures, skeleton, texts_of
from test_cli import run


def of(*texts: str) -> dict[str, float]:
    return {f.name: f.value for f in figures([Text(str(n), t) for n, t in enumerate(texts)])}


def test_by_hand() -> None:
    text = "Minister speaks\n\n“We did not pay,” Ila Brok said on Monday. A senior official denied it. She called the report “a lie”.\n"
    found = of(text)
    assert found["words per article (median)"] == 22
    assert found["sentences per article"] == 4
    assert found["quoted clauses per 1,000 words"] == pytest.approx(1000 / 22)
    assert found["quoted fragments per 1,000 words"] == pytest.approx(1000 / 22)  # under five tokens
    assert found["share of words in quotation marks"] == pytest.approx(7 / 22)  # the comma is a token of the quotation
    assert found["reporting verbs per 1,000 words"] == pytest.approx(3000 / 22)
    assert found["entropy of reporting verbs (bits)"] == pytest.approx(1.5849625)  # say, deny, call: log2(3)
    assert found["pronouns per 1,000 words"] == pytest.approx(1000 / 22)
    assert found["unnamed persons per article"] == 1


def test_sharing_counts_other_stories_alone() -> None:
    one = "The minister of transport denied that he had paid the builder.\n"
    found = figures([Text("s1", one), Text("s1", one)])
    assert [f.value for f in found if f.less_is_fine] == [0, 0, 0]
    found = figures([Text("s1", one), Text("s2", one.replace("minister", "mayor"))])
    assert [f.value for f in found if f.less_is_fine] == [1, 1, 1]
    assert skeleton(["The", "mayor", "denied", "it", "."]) == ["the", "x", "xed", "it", "."]


def test_beside_itself_all_is_close_and_nothing_is_no_corpus(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("Ila Brok said that the dam would fail. She denied it.\n" * 30)
    texts = texts_of(tmp_path)
    assert all(row.close for row in compare(texts, texts))
    (tmp_path / "empty").mkdir()
    with pytest.raises(AllegedlyError, match="expected a corpus folder"):
        texts_of(tmp_path / "empty")
    assert figures([])[0].value == 0


def test_a_reason_is_shown_and_a_missing_one_said(capsys) -> None:
    from rich.console import Console

    rows = [Row("a", 1, 3, False), Row("b", 1, 3, False), Row("c", 1, 1, True)]
    Console(width=100).print(table(rows, {"a": "longer by design"}))
    out = capsys.readouterr().out
    assert "longer by design" in out
    assert "DIFFERS" in out
    assert "pass" in out


def test_the_datasheet_is_renewed(corpus_folder) -> None:
    page = corpus_folder / "corpus" / "README.md"
    page.write_text(
        "A\n<!-- generated: statistics -->\nstale\n<!-- end -->\n<!-- generated: quotas -->\n<!-- end -->\nB\n"
    )
    assert run("stats", "--datasheet", "--corpus", str(corpus_folder)).returncode == 0
    renewed = page.read_text()
    assert "words per sentence" in renewed
    assert "stale" not in renewed
    assert "| attributions with a source | 28 | ≥ 3000 | short |" in renewed
    assert renewed.endswith("<!-- end -->\nB\n")
    with pytest.raises(ValueError, match="found 0"):
        put(renewed, "other", "")
    lines = run("stats", "--json", "--corpus", str(corpus_folder)).stdout.splitlines()
    assert json.loads(lines[0])["name"] == "words per article (median)"
