"""The language-model system against a local server that misbehaves."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("httpx")

from allegedly.systems import SystemUseError, get_system
from allegedly.systems.llm import LLM, Usage, _json
from conftest import annotated, make_article


class Server:
    """Answers what `script` says, one entry a request, the last one for ever: a status, 'hang', 'cut', or the content of a message."""

    def __init__(self) -> None:
        self.script: list[object] = []
        self.bodies: list[dict] = []
        self.keys: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.bodies.append(body)
                outer.keys.append(self.headers.get("Authorization"))
                act = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
                if act == "hang":
                    time.sleep(1.5)
                    return
                if isinstance(act, int):
                    data = b'{"error": "no"}'
                    self.send_response(act)
                elif act == "cut":
                    data = b'{"choices": [{"mess'
                    self.send_response(200)
                else:
                    content = act(body) if callable(act) else act
                    data = json.dumps(
                        {
                            "choices": [{"message": {"content": content}}],
                            "usage": {"prompt_tokens": 10, "completion_tokens": 5},
                        }
                    ).encode()
                    self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def server(monkeypatch, tmp_path):
    made = Server()
    monkeypatch.setenv("ALLEGEDLY_LLM_URL", made.url)
    monkeypatch.setenv("ALLEGEDLY_LLM_KEY", "sk-test")
    monkeypatch.setenv("ALLEGEDLY_LLM_CACHE", str(tmp_path))
    monkeypatch.setenv("ALLEGEDLY_LLM_WAIT", "0.01")
    monkeypatch.setenv("ALLEGEDLY_LLM_TIMEOUT", "0.7")
    yield made
    made.server.shutdown()


GOLD = annotated()
ANSWER = LLM._gold(GOLD)


def blank(name: str = "a0001"):
    return make_article(GOLD.text, name)


def test_a_perfect_answer_is_gold(server) -> None:
    server.script = [ANSWER]
    system = get_system("llm:m", "extraction")
    found = system.predict([blank()])["a0001"]
    assert [(a.roles, a.stance) for a in found] == [(a.roles, a.stance) for a in GOLD.attributed]
    assert [a.via for a in found].count(None) == len(found) - 1
    assert server.keys == ["Bearer sk-test"]
    assert (system.usage.requests, system.usage.prompt_tokens) == (1, 10)


@pytest.mark.parametrize("trouble", [429, 500, 503, "hang", "cut", 400])
def test_trouble_that_passes_costs_time_alone(server, trouble) -> None:
    server.script = [trouble, trouble, ANSWER]
    system = get_system("llm:m", "extraction")
    if trouble == 400:  # a server that does not know response_format; then it must work at once
        server.script = [400, ANSWER]
    assert len(system.predict([blank()])["a0001"]) == len(GOLD.attributed)
    assert system.usage.unreadable == 0


def test_trouble_that_stays_leaves_the_article_without_a_prediction(server) -> None:
    server.script = [500]
    system = get_system("llm:m", "extraction")
    assert system.predict([blank()]) == {}
    assert system.usage.unreadable == 1
    assert system.usage.failed == ["status 500"]


def test_a_wrong_key_is_an_error_and_not_tried_again(server) -> None:
    server.script = [401]
    with pytest.raises(SystemUseError, match="401"):
        get_system("llm:m", "extraction").predict([blank()])
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "content",
    ["", "I cannot help.", '{"attributions": [', "[1, 2]", '{"other": 1}', '{"attributions": "none"}', "\0" * 9],
)
def test_an_answer_that_cannot_be_read_is_missing_and_counted(server, content) -> None:
    server.script = [content]
    system = get_system("llm:m", "extraction")
    assert system.predict([blank()]) == {}
    assert system.usage.unreadable == 1


def test_quotes_that_are_not_in_the_text_are_refused_and_the_others_kept(server) -> None:
    lines = json.loads(ANSWER)["attributions"]
    lines[0]["claim"] = "a third leak"
    lines[1]["stance"] = "maybe"
    lines[2]["at"] = 999  # a wrong sentence: the quotes stand once, so they are found all the same
    lines.append("<script>")
    lines[3]["via"] = 77
    server.script = [json.dumps({"attributions": lines})]
    system = get_system("llm:m", "extraction")
    found = system.predict([blank()])["a0001"]
    assert system.usage.quotes_refused == 3
    assert len(found) == len(GOLD.attributed) - 2
    assert all(a.via is None or a.via in {x.id for x in found} for a in found)


def test_fenced_answers_and_words_around_are_read() -> None:
    assert _json('Sure!\n```json\n{"a": 1}\n```') == {"a": 1}
    assert _json('Here: {"a": {"b": 2}} - done') == {"a": {"b": 2}}
    assert _json("{") is None


def test_answers_are_kept_and_a_cut_run_goes_on(server) -> None:
    server.script = [ANSWER]
    get_system("llm:m", "extraction").predict([blank()])
    server.script = [500]
    again = get_system("llm:m", "extraction")
    assert len(again.predict([blank()])["a0001"]) == len(GOLD.attributed)
    assert (again.usage.requests, again.usage.cached) == (0, 1)


def test_stance_with_examples(server) -> None:
    def right(body):
        asked = [json.loads(x) for x in body["messages"][-1]["content"].split("Items:\n")[1].splitlines()]
        return json.dumps(
            {"stances": [{"n": i["n"], "stance": "deny" if "denie" in i["cue"] else "assert"} for i in asked]}
        )

    server.script = [right]
    training = [annotated(f"t{n}", story=f"s{n}") for n in range(3)]
    none = [
        t.with_attributions((*t.attributions[:-1], t.attributions[-1].model_copy(update={"stance": "none"})))
        for t in training
    ]
    system = get_system("llm:m@2", "stance").fit(none)
    found = system.predict([GOLD])
    assert set(found) == {f"a0001/{a.id}" for a in GOLD.attributed}
    assert found["a0001/a01"].label == "deny"
    roles = [m["role"] for m in server.bodies[0]["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]


def test_cost() -> None:
    assert Usage(prompt_tokens=2_000_000, completion_tokens=1_000_000).cost("0.5,2") == 3.0
    assert Usage().cost(None) is None


def test_without_an_endpoint_it_says_what_to_set(monkeypatch) -> None:
    monkeypatch.delenv("ALLEGEDLY_LLM_URL", raising=False)
    with pytest.raises(SystemUseError, match="ALLEGEDLY_LLM_URL"):
        get_system("llm:m", "extraction").predict([blank()])
