from __future__ import annotations

import pytest

from allegedly.attach import WrongTextError, attach
from allegedly.evaluation import protocol
from allegedly.store import Corpus, MissingTextError, UnknownIdError, dump_records
from allegedly.validate import validate
from test_validate import make_external


@pytest.fixture
def text(corpus_folder) -> str:
    text = (corpus_folder / "corpus/texts/a0001.txt").read_text("utf-8")
    make_external(corpus_folder, surface=False)
    path = corpus_folder / "corpus/external.jsonl"
    line = __import__("json").loads(path.read_text())
    path.write_bytes(dump_records([line | {"length": len(text)}]))
    return text


def test_attached_text_is_an_article_of_split_external(corpus_folder, text, tmp_path) -> None:
    with pytest.raises(MissingTextError, match="allegedly attach a0001 FILE"):
        Corpus(corpus_folder).article("a0001")
    before = Corpus(corpus_folder).fingerprint
    (tmp_path / "f.txt").write_text(text, "utf-8")
    assert "attached; it is now" in attach(Corpus(corpus_folder), "a0001", tmp_path / "f.txt")
    corpus = Corpus(corpus_folder)
    assert corpus.fingerprint == before
    assert [a.id for a in corpus.articles("external")] == ["a0001"]
    assert corpus.article("a0001").attributions[0].claim.spans[0].text == "second leak"
    assert "a0001" not in {a.id for a in protocol(corpus).articles}
    assert {f.code for f in validate(corpus_folder)} == {"A026"}  # the toy articles resemble each other
    train, test = protocol(corpus, "external").folds[0]
    assert {a.id for a in test} == {"a0001"}
    assert "a0001" not in {a.id for a in train}


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("\n", "\r\n"),
        lambda t: "\ufeff" + t,
        lambda t: " " + t,
        lambda t: t.rstrip("\n"),
        lambda t: t.replace("\n", "\r") + "\r\r",
    ],
)
def test_line_ends_and_outer_space_are_mended(corpus_folder, text, tmp_path, change) -> None:
    (tmp_path / "f.txt").write_bytes(change(text).encode())
    assert "were mended" in attach(Corpus(corpus_folder), "a0001", tmp_path / "f.txt")
    assert Corpus(corpus_folder).article("a0001").text == text


def test_another_text_is_refused(corpus_folder, text, tmp_path) -> None:
    (tmp_path / "f.txt").write_text(text.replace("leak", "hole"), "utf-8")
    with pytest.raises(WrongTextError, match="Its words differ"):
        attach(Corpus(corpus_folder), "a0001", tmp_path / "f.txt")
    assert not (corpus_folder / "corpus/local").exists()
    with pytest.raises(UnknownIdError, match="there is a0001"):
        attach(Corpus(corpus_folder), "a0002", tmp_path / "f.txt")
