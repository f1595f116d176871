"""Pulling, without a server: what an export may hold, and what comes of it."""

from __future__ import annotations

import copy

import pytest

from allegedly.schema import Attribution
from allegedly.store import Corpus, read_records
from allegedly.studio import StudioError
from allegedly.studio.convert import region, results
from allegedly.studio.home import Home
from allegedly.studio.pull import origins, take
from allegedly.studio.push import task
from conftest import annotated, write_corpus

LINK = "http://localhost:1/projects/1"


@pytest.fixture
def corpus(tmp_path):
    return Corpus(write_corpus(tmp_path / "corpus", [annotated(), annotated("a0002")]))


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "state", tmp_path / "cache")


def export(corpus: Corpus, *names: str, by: str = "ann@x.org"):
    made = []
    for number, name in enumerate(names or ("a0001", "a0002"), 1):
        article = corpus.article(name)
        entry = task(article, {"gold": article.attributions})
        made.append(
            entry
            | {
                "id": number,
                "drafts": [],
                "annotations": [annotation(number, results(article, article.attributions), by)],
            }
        )
    return made


def annotation(number: int, result, by: str, at: str = "2033-01-01T10:00:00Z"):
    return {"id": number, "completed_by": {"email": by}, "result": result, "was_cancelled": False, "updated_at": at}


def run(home, corpus, tasks, named=None):
    return take(home, corpus, iter(tasks), LINK, "p", named)


def test_layers_are_the_same_bytes_and_pulling_again_changes_nothing(home, corpus) -> None:
    first = run(home, corpus, export(corpus))
    assert [o.status for o in first.outcomes] == ["new", "new"]
    who = first.outcomes[0].annotator
    assert who == home.pseudonym("ANN@x.org ")
    assert "ann" not in who
    for name in ("a0001", "a0002"):
        pulled = corpus.path("annotations", "layers", who, f"{name}.jsonl").read_bytes()
        assert pulled == corpus.path("annotations", "gold", f"{name}.jsonl").read_bytes()
    assert [o.status for o in run(home, corpus, export(corpus)).outcomes] == ["same", "same"]


def test_one_faulty_annotation_does_not_keep_the_other_back(home, corpus) -> None:
    run(home, corpus, export(corpus), "ines")
    tasks = export(corpus)
    tasks[0]["annotations"][0]["result"][0]["value"]["start"] = "3"
    for entry in tasks[1]["annotations"][0]["result"]:
        if entry.get("id") == "a04" and entry["type"] == "choices":
            entry["value"]["choices"] = ["deny"]
    before = corpus.path("annotations", "layers", "ines", "a0001.jsonl").read_bytes()
    done = run(home, corpus, tasks, "ines")
    assert [o.status for o in done.outcomes] == ["refused", "updated"]
    assert "whole numbers" in str(done.outcomes[0].drawn.problems[0])
    assert done.outcomes[0].link == f"{LINK}/data?task=1&annotation=1"
    assert corpus.path("annotations", "layers", "ines", "a0001.jsonl").read_bytes() == before
    old, new = (
        read_records(corpus.path("annotations", *p), Attribution)
        for p in (("gold", "a0002.jsonl"), ("layers", "ines", "a0002.jsonl"))
    )
    assert [a.id for a, b in zip(old, new, strict=True) if a != b] == ["a04"]


def test_the_last_annotation_of_each_annotator_counts_and_cancelled_ones_do_not(home, corpus) -> None:
    tasks = export(corpus, "a0001")
    good = tasks[0]["annotations"][0]
    tasks[0]["annotations"] = [
        annotation(9, [], "ann@x.org", "2033-01-01T09:00:00Z"),
        good,
        annotation(10, [], "bo@x.org") | {"was_cancelled": True},
        annotation(11, copy.deepcopy(good["result"]), "cy@x.org"),
    ]
    done = run(home, corpus, tasks)
    assert sorted(o.annotator for o in done.outcomes) == sorted(map(home.pseudonym, ("ann@x.org", "cy@x.org")))
    assert {o.status for o in done.outcomes} == {"new"}


def test_an_empty_annotation_is_refused_unless_it_says_so(home, corpus) -> None:
    tasks = export(corpus, "a0001")
    tasks[0]["annotations"][0]["result"] = []
    assert "it is empty" in str(run(home, corpus, tasks).outcomes[0].drawn.problems[0])
    tasks[0]["annotations"][0]["result"] = [
        {"id": "f", "type": "choices", "from_name": "flag", "value": {"choices": ["nothing to annotate"]}}
    ]
    assert run(home, corpus, tasks).outcomes[0].status == "new"


def test_a_changed_text_and_a_foreign_task_are_told_with_a_link(home, corpus) -> None:
    tasks = export(corpus)
    tasks[0]["data"]["text"] += "x"
    tasks.append({"id": 7, "data": {"text": "<script>"}, "annotations": []})
    done = run(home, corpus, tasks)
    assert [o.article for o in done.outcomes] == ["a0002"]
    assert "another text" in done.messages[0]
    assert f"{LINK}/data?task=1" in done.messages[0]
    assert "no article of ours" in done.messages[1]


def test_a_text_of_no_corpus_comes_back_beside_the_layers(home, corpus, tmp_path) -> None:
    from allegedly.annotate import article_of

    article = article_of("mine", "Title\n\nBrok said the dam would fail.\n")
    entry = task(article, {}) | {"id": 1, "annotations": [annotation(1, [], "a@b.c")]}
    start = article.text.index("the dam")
    entry["annotations"][0]["result"] = region(article.text, start, start + 18, "Claim", "c1", stance="assert")
    assert [o.status for o in run(home, corpus, [entry], "ines").outcomes] == ["new"]
    assert corpus.path("annotations", "unregistered", "ines", "mine.jsonl").exists()


def test_what_is_gone_is_told_and_its_layer_stays(home, corpus) -> None:
    run(home, corpus, export(corpus), "ines")
    done = run(home, corpus, export(corpus, "a0001"), "ines")
    assert [(o.article, o.status) for o in done.outcomes] == [("a0001", "same"), ("a0002", "gone")]
    assert corpus.path("annotations", "layers", "ines", "a0002.jsonl").exists()
    assert [o.status for o in run(home, corpus, export(corpus, "a0001"), "ines").outcomes] == ["same", "gone"]


def test_a_second_task_of_one_article_is_refused(home, corpus) -> None:
    tasks = export(corpus, "a0001") + export(corpus, "a0001")
    done = run(home, corpus, tasks)
    assert [o.status for o in done.outcomes] == ["new", "refused"]
    assert "a second task" in str(done.outcomes[1].drawn.problems[0])


def test_another_name_for_the_same_person_makes_nothing_gone(home, corpus) -> None:
    run(home, corpus, export(corpus))
    assert [o.status for o in run(home, corpus, export(corpus), "ines").outcomes] == ["new", "new"]
    assert set(origins(home, "p")) == {"ines/a0001", "ines/a0002"}


def test_records_that_were_pushed_and_cannot_be_read_cost_that_article_alone(home, corpus) -> None:
    tasks = export(corpus)
    tasks[0]["data"]["base"] = [{"id": "a01", "nonsense": 1}]
    assert [o.status for o in run(home, corpus, tasks).outcomes] == ["refused", "new"]
    tasks[0]["data"]["base"] = 7
    assert [o.status for o in run(home, corpus, tasks).outcomes] == ["refused", "same"]


def test_the_rules_of_validate_hold_for_what_is_drawn(home, corpus) -> None:
    """A claim over its own cue can be drawn; it is A019 all the same."""
    tasks = export(corpus, "a0001")
    result = tasks[0]["annotations"][0]["result"]
    cue = next(r for r in result if r["value"].get("labels") == ["Cue"])["value"]
    claim = next(r for r in result if r["value"].get("labels") == ["Claim"])["value"]
    claim |= {"start": cue["start"]}
    claim["text"] = corpus.article("a0001").text[claim["start"] : claim["end"]]
    done = run(home, corpus, tasks)
    assert "A019" in str(done.outcomes[0].drawn.problems[0])


def test_salt_and_credentials_are_the_users_alone(home) -> None:
    name = home.pseudonym("a@b.c")
    assert name == home.pseudonym("a@b.c") != Home(home.state / "other", home.cache).pseudonym("a@b.c")
    login = home.credentials()
    assert login == home.credentials()
    assert len(login["token"]) == 40
    for file in ("salt", "credentials"):
        assert (home.state / f"{file}.json").stat().st_mode & 0o077 == 0
    assert home.state.stat().st_mode & 0o077 == 0


def test_a_broken_state_file_says_what_to_do(home) -> None:
    home.write("server", {})
    (home.state / "server.json").write_text("{")
    with pytest.raises(StudioError, match="Move it away"):
        home.read("server")
