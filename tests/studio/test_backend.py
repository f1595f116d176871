"""The ML backend: what Label Studio asks and what it gets; nothing secret kept, nobody kept waiting."""

from __future__ import annotations

import logging
import time

import pytest

pytestmark = pytest.mark.studio
pytest.importorskip("starlette")

from fixtures import client, studio, title  # noqa: E402

from allegedly.studio.backend import application  # noqa: E402
from allegedly.studio.convert import read  # noqa: E402
from allegedly.systems import get_system  # noqa: E402
from conftest import TEXT, make_article  # noqa: E402


def backend(predict, **options):
    from starlette.testclient import TestClient

    return TestClient(application(predict, "v1", **options))


def tasks(*texts: str):
    return {
        "tasks": [{"id": n, "data": {"text": t, "article_id": "a0001"}} for n, t in enumerate(texts)],
        "label_config": "<View/>",
    }


def test_it_answers_as_label_studio_asks() -> None:
    ask = backend(get_system("rules", "extraction").predict)
    assert ask.get("/health").json()["status"] == "UP"
    assert ask.post("/setup", json={"project": "1", "access_token": "secret"}).json() == {"model_version": "v1"}
    assert ask.get("/versions").json() == {"versions": ["v1"]}
    assert ask.post("/webhook", json={"action": "START_TRAINING"}).status_code == 200
    (answer,) = ask.post("/predict", json=tasks(TEXT)).json()["results"]
    found = read(make_article(TEXT), answer["result"])
    assert found.attributions
    assert not found.problems


def test_a_token_is_neither_logged_nor_kept(caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        made = application(lambda a: {}, "v1")
        from starlette.testclient import TestClient

        TestClient(made).post("/setup", json={"access_token": "verysecrettoken"})
        TestClient(made).post("/webhook", json={"project": {"token": "verysecrettoken"}})
    assert "verysecrettoken" not in caplog.text
    assert "verysecrettoken" not in repr(vars(made)) + repr(vars(made.state))


def test_a_system_that_fails_or_is_slow_gives_nothing_and_blocks_nobody() -> None:
    def fails(articles):
        if "slow" in articles[0].text:
            time.sleep(3)
        raise RuntimeError("boom")

    ask = backend(fails, patience=0.3)
    started = time.monotonic()
    answers = ask.post("/predict", json=tasks("T\n\nslow", "T\n\nfails")).json()["results"]
    assert [a["result"] for a in answers] == [[], []]
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize(
    ("body", "status"), [(b"x" * 2000, 413), (b"{", 400), (b"[]", 400), (b"{}", 400), (b"\xff", 400)]
)
def test_a_body_that_is_too_large_or_no_json(body, status) -> None:
    ask = backend(lambda a: {}, limit=1000)
    assert ask.post("/predict", content=body).status_code == status


def test_a_task_without_text_gets_an_empty_prediction() -> None:
    ask = backend(lambda a: {})
    assert ask.post("/predict", json={"tasks": [{"id": 1, "data": {}}, "x"]}).json()["results"][0]["result"] == []


def test_label_studio_itself_takes_its_predictions(studio, client, title) -> None:
    """Served by uvicorn, connected to a real project; the prediction turns up when the task is opened."""
    import socket
    import threading

    import uvicorn

    from allegedly.studio.push import push

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = uvicorn.Server(
        uvicorn.Config(
            application(get_system("rules", "extraction").predict, "allegedly-rules"),
            host="127.0.0.1",
            port=port,
            log_level="warning",
        )
    )
    threading.Thread(target=made.run, daemon=True).start()
    for _ in range(50):
        if made.started:
            break
        time.sleep(0.1)
    project = push(client, [make_article(TEXT)], {}, title=title).project
    client.connect_backend(project, f"http://localhost:{port}", "rules")
    client.connect_backend(project, f"http://localhost:{port}", "rules")  # again: nothing
    (task,) = client.tasks(project)
    client._raw(
        "POST",
        "dm/actions/",
        params={"id": "retrieve_tasks_predictions", "project": project},
        json={"selectedItems": {"all": True, "excluded": []}},
    )
    (found,) = client._raw("GET", "predictions/", params={"task": task.id})
    assert found["model_version"] == "allegedly-rules"
    assert read(make_article(TEXT), found["result"]).attributions
    made.should_exit = True
