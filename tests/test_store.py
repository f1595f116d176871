from __future__ import annotations

import json
import pickle

import pytest

from allegedly.schema import Attribution, Span, json_schema
from allegedly.store import (
    Corpus,
    MissingTextError,
    RecordError,
    UnknownIdError,
    bare,
    decode,
    dump_records,
    open_corpus,
    parse,
    parse_objects,
    read_records,
    surface,
    write_atomic,
)
from conftest import annotated


def test_canonical_bytes_round_trip(tmp_path, article) -> None:
    path = tmp_path / "layer.jsonl"
    path.write_bytes(dump_records(article.attributions))
    again = read_records(path, Attribution)
    assert tuple(again) == article.attributions
    assert dump_records(again) == path.read_bytes()
    first = path.read_text().splitlines()[0]
    assert list(json.loads(first)) == sorted(json.loads(first))
    assert ": " not in first.replace("’", "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"id": "a01"', "f.jsonl:2: expected one JSON object a line"),
        ("[1]", "f.jsonl:2: expected one JSON object a line"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": 1, "a": 2}', "stands twice"),
    ],
)
def test_a_bad_line_says_file_and_line(line, expected) -> None:
    with pytest.raises(RecordError, match=expected):
        list(parse_objects('{"x": 1}\n' + line + "\n", "f.jsonl"))


def test_a_wrong_field_says_what_was_expected(article) -> None:
    data = article.attributions[0].plain()
    with pytest.raises(
        RecordError, match=r"f:3: not a valid Attribution: stance: input should be 'assert', 'deny' or 'none'"
    ):
        parse(Attribution, data | {"stance": "denies"}, "f", 3)
    with pytest.raises(RecordError, match="a span must end after it starts"):
        parse(Attribution, data | {"claim": {"spans": [{"start": 4, "end": 4}]}}, "f", 3)
    with pytest.raises(ValueError, match="end"):
        Span(start=3, end=2)


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"\xff\xfea\0", "UTF-16"), (b"a\0b", "binary"), (b"ok\n\xe9t\xe9", "f:2: expected UTF-8, byte 3")],
)
def test_bytes_that_are_no_text(data, expected) -> None:
    with pytest.raises(RecordError, match=expected):
        decode(data, "f")


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch) -> None:
    path = tmp_path / "x"
    write_atomic(path, b"old")

    def broken(*args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_corpus(corpus_folder) -> None:
    corpus = Corpus(corpus_folder)
    assert [a.id for a in corpus.articles("train")] == ["a0001", "a0002", "a0003", "a0004"]
    assert len(corpus.article("a0002").attributions) == 8
    with pytest.raises(UnknownIdError, match="no article 'a002'; there is a000"):
        corpus.article("a002")
    before = corpus.fingerprint
    gold = corpus_folder / "annotations/gold/a0001.jsonl"
    gold.write_text(gold.read_text().replace('"deny"', '"none"', 1))
    assert Corpus(corpus_folder).fingerprint != before
    (corpus_folder / "corpus/texts/a0001.txt").write_text("other")
    with pytest.raises(RecordError, match="expected sha256"):
        corpus.article("a0001")
    with pytest.raises(MissingTextError, match="--corpus"):
        Corpus(corpus_folder / "nowhere")


def test_bare_and_surface_are_inverse() -> None:
    article = annotated()
    for attribution in article.attributions:
        assert surface(bare(attribution), article.text) == attribution
        assert "text" not in json.dumps(bare(attribution).plain())


def test_json_schema_covers_the_records() -> None:
    assert {"Attribution", "ArticleRecord", "Story"} <= set(json_schema())


def test_an_unchecked_record_is_the_record() -> None:
    for checked in open_corpus().annotated("validation")[0].attributions:
        values = {name: getattr(checked, name) for name in type(checked).model_fields}
        made = Attribution.unchecked(**values)
        assert made == checked
        assert hash(made) == hash(checked)
        assert made.model_dump_json() == checked.model_dump_json()
        assert pickle.loads(pickle.dumps(made)) == checked
        assert made.but(stance="none") == checked.model_copy(update={"stance": "none"})
        assert made == checked  # and it is left as it was
