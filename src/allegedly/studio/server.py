"""A pinned Label Studio on loopback: its environment, its start, its stop. Nothing of it is sent anywhere.

The server has an environment of its own, as its pins would hold ours back. Secrets reach it by its environment
variables, never by its command line.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from allegedly.studio import StudioError
from allegedly.studio.home import VERSION, Home, private

HOST = "127.0.0.1"
PORT = 8080
START_LIMIT = 240.0  # seconds; an empty PostgreSQL is migrated at the first start
Say = Callable[[str], None]

#: Off: analytics, look-ups of newer versions, error reports (empty means off), sign-up without an invitation.
QUIET = {
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_ML_BLOCK_LOCAL_IP": "false",  # our ML backend is on loopback
    "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "false",
}


class Running(NamedTuple):
    """A server that was started here."""

    pid: int
    url: str
    version: str


def running(home: Home) -> Running | None:
    """The server that `up` started, if it still runs."""
    state = home.read("server")
    if not state or not _is_ours(int(state["pid"])):
        return None
    return Running(int(state["pid"]), str(state["url"]), str(state["version"]))


def healthy(url: str, timeout: float = 3) -> bool:
    """Whether a server answers at this address."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=timeout) as answer:
            return bool(json.load(answer).get("status") == "UP")
    except (OSError, ValueError, urllib.error.URLError):
        return False


def up(home: Home, port: int | None = None, database_url: str | None = None, say: Say = lambda _: None) -> Running:
    """Start the server and wait until it answers; one that runs already is given back. StudioError says what failed."""
    with _alone(home):
        if found := running(home):
            if healthy(found.url):
                return found
            raise StudioError(
                f"the server (process {found.pid}) does not answer at {found.url}: allegedly studio down, then up"
            )
        install(home, say)
        chosen = _free_port(port)
        private(home.data)
        if database_url is None:
            _template(home, say)
        return _start(home, chosen, database_url, say)


def down(home: Home, patience: float = 20) -> bool:
    """Stop the server. False where none ran."""
    found = running(home)
    if found is None:
        home.forget("server")
        return False
    with contextlib.suppress(ProcessLookupError):
        os.killpg(found.pid, signal.SIGTERM)
        for _ in range(int(patience * 10)):
            if not _is_ours(found.pid):
                break
            time.sleep(0.1)
        else:
            os.killpg(found.pid, signal.SIGKILL)
    home.forget("server")
    return True


def installed(home: Home) -> bool:
    """Whether the server's environment is whole."""
    return (home.environment / "complete").exists()


def install(home: Home, say: Say = lambda _: None) -> None:
    """Make the server's environment, unless it is there: with uv if present, else venv and pip. About 900 MB."""
    if installed(home):
        return
    say(f"installing Label Studio into {home.environment} (once; about 900 MB)")
    shutil.rmtree(home.environment, ignore_errors=True)
    home.environment.parent.mkdir(parents=True, exist_ok=True)
    wanted = str(files("allegedly.studio") / "server-requirements.txt")
    python = home.environment / "bin" / "python"
    if uv := shutil.which("uv"):
        _run([uv, "venv", "-q", "--python", sys.executable, str(home.environment)], say)
        _run([uv, "pip", "install", "--no-deps", "--python", str(python), "-r", wanted], say)
    else:
        _run([sys.executable, "-m", "venv", str(home.environment)], say)
        _run([str(python), "-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "-r", wanted], say)
    (home.environment / "complete").touch()


def _run(command: list[str], say: Say) -> None:
    """Run a step of the installation; each package that it collects is told, and its last lines where it fails."""
    tail: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            tail = [*tail[-14:], line.rstrip()]
            if line.startswith(("Collecting", "Installing", " + ")):
                say(line.strip()[:100])
    if process.returncode:
        raise StudioError("installing Label Studio failed:\n  " + "\n  ".join(tail) + "\nMend that, then run it again.")


def _template(home: Home, say: Say) -> None:
    """Put a migrated database where the server will look for one, unless there is one."""
    database = home.data / "label_studio.sqlite3"
    if database.exists():
        return
    if not home.template.exists():
        say("preparing the database (once, one to two minutes)")
        scratch = home.cache / "migrating"
        shutil.rmtree(scratch, ignore_errors=True)
        private(scratch)
        environment = _environment(home) | {"LABEL_STUDIO_BASE_DATA_DIR": str(scratch)}
        _command(home, ["version"], environment)
        os.replace(scratch / "label_studio.sqlite3", home.template)
        shutil.rmtree(scratch, ignore_errors=True)
    partial = database.with_suffix(".partial")
    shutil.copyfile(home.template, partial)
    os.replace(partial, database)


def _command(home: Home, arguments: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [str(home.environment / "bin" / "label-studio"), *arguments],
        env=dict(environment), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise StudioError(f"label-studio {arguments[0]} failed:\n{done.stderr[-2000:]}")


def _environment(home: Home, database_url: str | None = None) -> dict[str, str]:
    login = home.credentials()
    made = {k: v for k, v in os.environ.items() if not k.startswith(("LABEL_STUDIO_", "POSTGRE_", "DJANGO_"))}
    made |= QUIET | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(home.data),
        "LABEL_STUDIO_USERNAME": login["email"],
        "LABEL_STUDIO_PASSWORD": login["password"],
        "LABEL_STUDIO_USER_TOKEN": login["token"],
    }
    return made | (_postgres(database_url) if database_url else {})


def _postgres(url: str) -> dict[str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        parts, port = urlsplit(""), 0  # its message would show a part of the password
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname or len(parts.path) < 2 or parts.query:
        raise StudioError(
            "--database-url: expected postgresql://USER:PASSWORD@HOST:PORT/NAME, with special characters of the password as %XX and nothing after the name"
        )
    return {
        "DJANGO_DB": "default",
        "POSTGRE_NAME": parts.path[1:],
        "POSTGRE_USER": unquote(parts.username or ""),
        "POSTGRE_PASSWORD": unquote(parts.password or ""),
        "POSTGRE_HOST": parts.hostname,
        "POSTGRE_PORT": str(port),
    }


def _free_port(port: int | None) -> int:
    """The port asked for, or the first free one from 8080 on. Label Studio itself would move on without a word."""
    for chosen in [port] if port is not None else range(PORT, PORT + 20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, chosen))
                return chosen
    if port is not None:
        raise StudioError(f"port {port} is taken; without --port a free one is found")
    raise StudioError(f"no free port from {PORT} to {PORT + 19}: name one with --port")


def _start(home: Home, port: int, database_url: str | None, say: Say) -> Running:
    command = [str(home.environment / "bin" / "label-studio"), "start", "--no-browser", "--internal-host", HOST]
    say("starting the server")
    with home.log.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)], env=_environment(home, database_url), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True, cwd=home.state,
        )  # fmt: skip
    found = Running(process.pid, f"http://localhost:{port}", VERSION)
    home.write("server", found._asdict() | {"database": "postgresql" if database_url else "sqlite"})
    limit = time.monotonic() + START_LIMIT
    while time.monotonic() < limit:
        if process.poll() is not None:
            home.forget("server")
            raise StudioError(f"Label Studio stopped with status {process.returncode}:\n{tail(home)}")
        if healthy(found.url):
            return found
        time.sleep(0.3)
    down(home)
    raise StudioError(f"Label Studio did not answer at {found.url} within {START_LIMIT:.0f} s:\n{tail(home)}")


def tail(home: Home, lines: int = 15) -> str:
    """The last lines of the server's log, without tokens."""
    try:
        text = home.log.read_text("utf-8", "replace")
    except OSError:
        return "(no log)"
    return re.sub(r"\b[0-9a-f]{40}\b", "<token>", "\n".join(f"  {x}" for x in text.splitlines()[-lines:]))


def _is_ours(pid: int) -> bool:
    """Whether a process is alive, is no zombie, and is a Label Studio."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of this very process that has ended
    done = subprocess.run(
        ["ps", "-ww", "-p", str(pid), "-o", "stat=,command="], capture_output=True, text=True, check=False
    )
    return done.returncode == 0 and "label-studio" in done.stdout and not done.stdout.lstrip().startswith("Z")


@contextlib.contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One `up` at a time."""
    from filelock import FileLock, Timeout

    private(home.state)
    try:
        with FileLock(home.state / "up.lock", timeout=START_LIMIT):
            yield
    except Timeout:
        raise StudioError(f"another `allegedly studio up` has been at it for {START_LIMIT:.0f} s") from None


def backup_database(home: Home, to: Path) -> None:
    """A consistent copy of the SQLite database, while the server runs or not. StudioError where the disk is full."""
    source = home.data / "label_studio.sqlite3"
    partial = to.with_suffix(".partial")
    try:
        with (
            contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
            contextlib.closing(sqlite3.connect(partial)) as new,
        ):
            old.backup(new)
        os.replace(partial, to)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise StudioError(f"the copy of the database failed ({error}); earlier backups are as they were") from None
