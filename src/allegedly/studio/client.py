"""A Label Studio behind a few calls, through its SDK. Every failure is a StudioError that says what to do.

Calls that only ask are tried three times. Those that add are not: who adds looks first what is there (`push`).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from allegedly.studio import StudioError
from allegedly.studio.home import Home

T = TypeVar("T")
TIMEOUT = 120.0
#: Whole annotators, and only the ids of predictions: those are half of an export and nobody needs them back.
EXPORTED = {
    "annotations__completed_by": {"only_id": False},
    "predictions": {"only_id": True},
    "drafts": {"only_id": True},
}


class LabelStudioRefusedError(StudioError):
    """An answer other than success. `status` is its HTTP status, 0 where none came."""

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


class Task(NamedTuple):
    """A task on the server: its id, which article it shows, and the checksum of the text that it shows."""

    id: int
    article: str
    sha256: str


class Client:
    """A connection to one Label Studio."""

    def __init__(self, url: str, token: str, timeout: float = TIMEOUT) -> None:
        try:
            import httpx
            from label_studio_sdk import LabelStudio
        except ImportError:
            raise StudioError(
                "label-studio-sdk is not installed here. In a clone: make studio, then .venv-studio/bin/allegedly studio …; "
                "elsewhere: pip install 'allegedly[studio]'"
            ) from None
        self.url = url.rstrip("/")
        self.http = httpx.Client(timeout=timeout, follow_redirects=True)
        try:
            self.sdk = LabelStudio(base_url=self.url, api_key=token, httpx_client=self.http, max_retries=0)
        except Exception as error:
            raise StudioError(
                f"{self.url} takes no such token ({type(error).__name__}): make a new one there"
            ) from None

    # ------------------------------------------------------------ calls

    def ask(self, what: str, call: Callable[[], T], tries: int = 3) -> T:
        """Make a call; `what` names it in messages. Server errors and lost connections are tried again, `tries` in all."""
        for last in range(tries - 1, -1, -1):
            try:
                return call()
            except Exception as error:
                failure = self._failure(what, error)
                if not last or not (failure.status == 0 or failure.status >= 500 or failure.status == 429):
                    raise failure from None
                time.sleep(0.5 * (tries - last))
        raise AssertionError("unreachable")

    def _failure(self, what: str, error: Exception) -> LabelStudioRefusedError:
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        if isinstance(error, httpx.TimeoutException):
            return LabelStudioRefusedError(
                f"{what}: no answer from {self.url} in time; run it again, nothing is lost", 0
            )
        if isinstance(error, httpx.TransportError):
            return LabelStudioRefusedError(
                f"{what}: the connection to {self.url} failed ({error}). Is it up? allegedly studio status", 0
            )
        if isinstance(error, httpx.HTTPStatusError):
            status, body = error.response.status_code, error.response.text
        elif isinstance(error, ApiError):
            status, body = error.status_code or 0, error.body
        else:
            raise error
        if status == 401:
            return LabelStudioRefusedError(f"{what}: {self.url} refuses the token: allegedly studio doctor", status)
        return LabelStudioRefusedError(f"{what}: {self.url} answered {status}: {_detail(body)}", status)

    def _raw(self, method: str, path: str, **options: Any) -> Any:
        """A call that the SDK is too slow for, or does not know."""
        headers = dict(self.sdk._client_wrapper.get_headers())
        answer = self.http.request(method, f"{self.url}/api/{path}", headers=headers, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    # ------------------------------------------------------------ projects

    def project(self, title: str) -> Any | None:
        """The project of this title, or None. StudioError where there are two."""
        listed = self.ask("list projects", lambda: list(self.sdk.projects.list(filter="all")))
        found = [p for p in listed if p.title == title]
        if len(found) > 1:
            raise StudioError(f"{len(found)} projects are called {title!r}: rename all but one in Label Studio")
        return self.ask("read project", lambda: self.sdk.projects.get(int(found[0].id))) if found else None

    def projects(self) -> list[Any]:
        """Every project."""
        return self.ask("list projects", lambda: list(self.sdk.projects.list(filter="all")))

    def create(self, title: str, config: str, **settings: Any) -> Any:
        """Make a project."""
        return self.ask(
            "create project", lambda: self.sdk.projects.create(title=title, label_config=config, **settings), tries=1
        )

    def update(self, project: int, **settings: Any) -> None:
        """Change a project's settings."""
        self.ask("update project", lambda: self.sdk.projects.update(project, **settings))

    def check_config(self, project: int, config: str) -> None:
        """Have the server judge a labelling config; an error says what it finds."""
        self.ask(
            "check the labelling config", lambda: self.sdk.projects.validate_label_config(project, label_config=config)
        )

    def remove(self, project: int) -> None:
        """Delete a project with everything in it."""
        self.ask("delete project", lambda: self.sdk.projects.delete(project))

    # ------------------------------------------------------------ tasks

    def tasks(self, project: int) -> list[Task]:
        """The tasks of a project that show an article of ours."""
        found: list[Task] = []
        page = 1
        while True:
            query = {"project": project, "fields": "task_only", "include": "id,data", "page_size": 500, "page": page}
            answer = self.ask("list tasks", lambda q=query: self._raw("GET", "tasks/", params=q))  # type: ignore[misc]
            for task in answer["tasks"]:
                data = task.get("data") or {}
                if data.get("article_id"):
                    found.append(Task(int(task["id"]), str(data["article_id"]), str(data.get("sha256", ""))))
            if page * 500 >= int(answer["total"]):
                return found
            page += 1

    def add(self, project: int, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Add tasks. Not tried again by itself: an answer that got lost may have added them."""
        body = json.dumps(list(tasks), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **self.sdk._client_wrapper.get_headers()}

        def call() -> None:
            self.http.post(
                f"{self.url}/api/projects/{project}/import", content=body, headers=headers
            ).raise_for_status()

        self.ask("add tasks", call, tries=1)

    def last_change(self, project: int) -> tuple[Any, ...]:
        """Something that changes whenever a task or annotation of the project does."""
        query = {"project": project, "fields": "task_only", "include": "id,updated_at", "page_size": 1,
                 "query": json.dumps({"ordering": ["-tasks:updated_at"]})}  # fmt: skip
        answer = self.ask("look for changes", lambda: self._raw("GET", "tasks/", params=query))
        first = answer["tasks"][0] if answer["tasks"] else {}
        return answer["total"], answer.get("total_annotations"), first.get("id"), first.get("updated_at")

    def export(self, project: int, to: Path, patience: float = 600) -> None:
        """Write a snapshot of a project, with annotators, as JSON. The file is whole or is not there."""
        made = self.ask(
            "start the export",
            lambda: self.sdk.projects.exports.create(project, title="allegedly", serialization_options=EXPORTED),
        )
        number, limit = int(made.id or 0), time.monotonic() + patience
        while str(made.status) != "completed":
            if str(made.status) == "failed" or time.monotonic() > limit:
                raise StudioError(
                    f"the export of project {project} {'failed' if made.status == 'failed' else 'takes too long'}"
                )
            time.sleep(0.5)
            made = self.ask("look after the export", lambda: self.sdk.projects.exports.get(project, number))
        self.ask("fetch the export", lambda: self._download(project, number, to))
        self.ask("clear the export away", lambda: self.sdk.projects.exports.delete(project, number))

    def _download(self, project: int, number: int, to: Path) -> None:
        partial = to.with_name(f".{to.name}.partial")
        try:
            with partial.open("wb") as file:
                for chunk in self.sdk.projects.exports.download(project, number, export_type="JSON"):
                    file.write(chunk)
            with partial.open("rb") as file:
                file.seek(max(0, partial.stat().st_size - 1))
                if file.read(1) != b"]":
                    raise StudioError("the export came only in part: run it again")
            os.replace(partial, to)
        except OSError as error:
            raise StudioError(f"{to} cannot be written: {error.strerror}; earlier backups are as they were") from None
        finally:
            partial.unlink(missing_ok=True)

    def connect_backend(self, project: int, url: str, title: str) -> None:
        """Have a project ask an ML backend for predictions. One of the same address is left as it is."""
        listed: list[Any] = self.ask("list ML backends", lambda: self.sdk.ml.list(project=project))
        if not any(b.url == url for b in listed):
            self.ask(
                "connect the ML backend",
                lambda: self.sdk.ml.create(project=project, url=url, title=title, is_interactive=False),
                tries=1,
            )
        self.update(project, show_collab_predictions=True)  # else nobody is asked when an article is opened

    def invitation(self) -> str:
        """The address at which a further annotator signs up."""
        return self.url + str(self.ask("read the invitation", lambda: self._raw("GET", "invite"))["invite_url"])


def _detail(body: Any) -> str:
    """What an error body says, short and without the HTML of an error page."""
    if isinstance(body, Mapping):
        return str(body.get("validation_errors") or body.get("detail") or body)[:300]
    text = str(body).strip()
    return "an error page" if text.startswith("<") else text[:300]


def connect(home: Home) -> Client:
    """The running server, or the one that ALLEGEDLY_STUDIO_URL and LABEL_STUDIO_API_KEY name."""
    from allegedly.studio.server import running

    if url := os.environ.get("ALLEGEDLY_STUDIO_URL"):
        if not (token := os.environ.get("LABEL_STUDIO_API_KEY")):
            raise StudioError("ALLEGEDLY_STUDIO_URL is set: put that server's access token into LABEL_STUDIO_API_KEY")
        return Client(url, token)
    found = running(home)
    if found is None:
        raise StudioError("no Label Studio runs: allegedly studio up")
    return Client(found.url, home.credentials()["token"])


def pages(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """A sequence in pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
