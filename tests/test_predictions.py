from __future__ import annotations

import gzip
import json

import pytest

from allegedly.evaluation import evaluate
from allegedly.store import RecordError, dump_records
from allegedly.systems.predictions import prediction_records, read_predictions, template
from allegedly.tasks import Label, get_task
from conftest import DRAFT, annotated

STANCE, EXTRACTION = get_task("stance"), get_task("extraction")


def write(path, *lines) -> str:
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return str(path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"id": "a0001/a99", "stance": "deny"}, r"p:1: no item 'a0001/a99'; there is .* in this task and split"),
        ({"id": "a0001/a01", "stance": "denied"}, "expected one of assert, deny, none, got 'denied'"),
        ({"id": "a0001/a01", "stance": "deny", "p": 1.2}, "expected a probability from 0 to 1"),
        ('{"id": "a0001/a01", "stance": "deny", "p": NaN}', "NaN is not a JSON number"),
        ({"article": "a0001", "attributions": []}, "expected 'id'"),
        ({"id": "a0001/a01", "stance": "deny", "prob": 1}, "unknown key 'prob'"),
        ('{"id": "a0001/a01", "stan', "p:1: expected one JSON object a line"),
    ],
)
def test_bad_labels_are_refused_by_line(tmp_path, line, expected) -> None:
    with pytest.raises(RecordError, match=expected):
        read_predictions(write(tmp_path / "p", line), STANCE, [annotated()])


def test_twice_is_refused_and_missing_is_reported(tmp_path) -> None:
    line = {"id": "a0001/a01", "stance": "deny"}
    with pytest.raises(RecordError, match="p:2: 'a0001/a01' is predicted twice"):
        read_predictions(write(tmp_path / "p", line, line), STANCE, [annotated()])
    found = read_predictions(write(tmp_path / "p", line), STANCE, [annotated()])
    assert found.predictions == {"a0001/a01": Label("deny")}
    assert len(found.missing) == 7


@pytest.mark.parametrize(
    ("attribution", "expected"),
    [
        ({"claim": {"spans": [{"start": 0, "end": 9999}]}}, "ends after the text"),
        ({"claim": {"spans": [{"start": 0, "end": 4, "text": "Ports"}]}}, "is 'Port' in the text, not 'Ports'"),
        ({"claim": {"spans": []}}, "claim.spans"),
        ({"claim": "not there"}, "is not in the text"),
        ({"claim": {"spans": [{"start": 0, "end": 4}]}, "via": "zz"}, "via 'zz' is no attribution of this line"),
        ("text", "expected an object"),
        ({"claim": {"spans": [{"start": 4, "end": 2}]}}, "end"),
        ({"claim": {"spans": [{"start": "0", "end": 4}]}}, "start"),
    ],
)
def test_bad_attributions_are_refused_by_line(tmp_path, attribution, expected) -> None:
    line = {"article": "a0001", "attributions": [attribution]}
    with pytest.raises(RecordError, match=expected):
        read_predictions(write(tmp_path / "p", line), EXTRACTION, [annotated()])


def test_the_same_attribution_twice_is_refused(tmp_path) -> None:
    one = {"claim": {"spans": [{"start": 0, "end": 4}]}}
    with pytest.raises(RecordError, match="the same source, cue and claim twice"):
        read_predictions(
            write(tmp_path / "p", {"article": "a0001", "attributions": [one, one]}), EXTRACTION, [annotated()]
        )


def test_quotes_do_for_offsets(tmp_path) -> None:
    article = annotated()
    quotes = [{k: v for k, v in line.items() if k not in ("positions", "entities")} for line in DRAFT]
    found = read_predictions(write(tmp_path / "p", {"article": "a0001", "attributions": quotes}), EXTRACTION, [article])
    spans = [[a.roles for a in side] for side in (found.predictions["a0001"], article.attributions)]
    assert spans[0] == spans[1]


def test_round_trip_and_gzip(tmp_path) -> None:
    article = annotated()
    path = tmp_path / "e.jsonl.gz"
    path.write_bytes(
        gzip.compress(dump_records(prediction_records(EXTRACTION, [article], {"a0001": article.attributions})))
    )
    assert read_predictions(path, EXTRACTION, [article]).predictions["a0001"] == article.attributions
    labels = {i.id: Label(i.answer, 0.5) for i in STANCE.items(article)}
    path = tmp_path / "s.jsonl"
    path.write_bytes(dump_records(prediction_records(STANCE, [article], labels)))
    assert read_predictions(path, STANCE, [article]).predictions == labels
    assert [line["id"] for line in template(STANCE, [article])] == list(labels)


def test_a_cut_file_and_one_of_another_task_are_refused(tmp_path) -> None:
    whole = gzip.compress(dump_records(prediction_records(EXTRACTION, [annotated()], {"a0001": ()})))
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordError, match="cannot be read"):
        read_predictions(tmp_path / "cut.jsonl.gz", EXTRACTION, [annotated()])
    with pytest.raises(RecordError, match="p:1: expected 'article'"):
        read_predictions(write(tmp_path / "p", {"id": "a0001/a01", "stance": "deny"}), EXTRACTION, [annotated()])


def test_overlapping_spans_of_one_role_are_scored_as_their_union(tmp_path) -> None:
    article = annotated()
    claim = article.attributed[0].claim.spans[0]
    cut = [{"start": claim.start, "end": claim.end - 1}, {"start": claim.start + 1, "end": claim.end}]
    lines = [x.plain() for x in article.attributed]
    lines[0]["claim"]["spans"] = cut
    found = read_predictions(write(tmp_path / "p", {"article": "a0001", "attributions": lines}), EXTRACTION, [article])
    score = evaluate(EXTRACTION, [article], found.predictions, ["AttributionF1(exact)"]).score("AttributionF1(exact)")
    assert score.value == 1.0
