"""A real Label Studio for the tests marked `studio`: one for the session, in a state folder of its own."""

from __future__ import annotations

import http.client
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from allegedly.store import Corpus
from conftest import annotated, write_corpus


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """The server's home; it is installed if need be, started, and stopped at the end."""
    from allegedly.studio import server
    from allegedly.studio.home import Home, home

    here = Home(tmp_path_factory.mktemp("studio"), home().cache)
    server.up(here)
    yield here
    server.down(here)


@pytest.fixture
def client(studio, monkeypatch):
    from allegedly.studio.client import connect

    return connect(studio)


@pytest.fixture
def corpus(tmp_path):
    return Corpus(write_corpus(tmp_path / "corpus", [annotated(), annotated("a0002"), annotated("a0003")]))


@pytest.fixture
def title(request):
    if os.environ.get("ALLEGEDLY_SCREENSHOTS"):
        return "allegedly adjudication" if "adjudication" in request.node.name else "allegedly"
    return f"{request.node.name[:34]} {time.time_ns() % 10**6}"


class Faulty:
    """A proxy before the server. `plan` holds what to do with the next requests of a method and path: a status, 'drop' (the
    server does it, the answer is lost), 'hang', or None (pass on).
    """

    def __init__(self, upstream: str) -> None:
        self.plan: list[tuple[str, object]] = []
        self.seen: list[str] = []
        outer, host = self, upstream.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.seen.append(f"{self.command} {self.path}")
                act = None
                if outer.plan and outer.plan[0][0] in f"{self.command} {self.path}":
                    act = outer.plan.pop(0)[1]
                if act == "hang":
                    time.sleep(4)
                    self.close_connection = True
                    return
                if isinstance(act, int):
                    self.send_response(act)
                    self.send_header("Content-Length", "26")
                    self.end_headers()
                    self.wfile.write(b"<html>error, token x</html>"[:26])
                    return
                link = http.client.HTTPConnection(host, timeout=60)
                link.request(
                    self.command,
                    self.path,
                    body,
                    {k: v for k, v in self.headers.items() if k.lower() != "host"} | {"Host": host},
                )
                answer = link.getresponse()
                data = answer.read()
                if act == "drop":
                    self.close_connection = True
                    return
                if act == "cut":
                    data = data[: len(data) // 2]
                self.send_response(answer.status)
                for key in ("Content-Type",):
                    if answer.headers.get(key):
                        self.send_header(key, answer.headers[key])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def faulty(studio):
    from allegedly.studio.server import running

    made = Faulty(running(studio).url)
    yield made
    made.server.shutdown()


@pytest.fixture
def through(studio, faulty):
    """A client whose every request passes the faulty proxy."""
    from allegedly.studio.client import Client

    return Client(faulty.url, studio.credentials()["token"], timeout=2.5)


def submit_predictions(client, project: int) -> None:
    """Have the owner submit each task's first prediction as it is."""
    for task in client._raw("GET", "tasks/", params={"project": project, "fields": "all", "page_size": 2000})["tasks"]:
        client._raw("POST", f"tasks/{task['id']}/annotations/", json={"result": task["predictions"][0]["result"]})


def gold_bytes(corpus: Corpus, name: str) -> bytes:
    return corpus.gold_path(corpus.record(name)).read_bytes()


def layer_path(corpus: Corpus, who: str, name: str) -> Path:
    return corpus.path("annotations", "layers", who, f"{name}.jsonl")
