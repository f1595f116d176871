"""What can be wrong with the studio, looked at one by one; each failure with its mend."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

from allegedly.studio import StudioError, labelling, server
from allegedly.studio.client import Client, connect
from allegedly.studio.home import VERSION, Home
from allegedly.studio.push import TITLE

ROOM = 2 << 30  # bytes that an installation and a few backups need


class Check(NamedTuple):
    """One look: what was looked at, whether it is well, what was seen, and the mend."""

    name: str
    well: bool
    seen: str
    mend: str = ""


def examine(home: Home) -> Iterator[Check]:
    """Every check, in the order in which things depend on each other."""
    sdk = find_spec("label_studio_sdk") is not None
    yield Check(
        "label-studio-sdk", sdk, "installed" if sdk else "not installed here",
        "" if sdk else "in a clone: make studio, then .venv-studio/bin/allegedly studio …; elsewhere: pip install 'allegedly[studio]'",
    )  # fmt: skip
    if url := os.environ.get("ALLEGEDLY_STUDIO_URL"):
        yield from _inside(home) if sdk else ()
        yield Check("server", server.healthy(url.rstrip("/")), url, "it is named by ALLEGEDLY_STUDIO_URL")
        return
    whole = server.installed(home)
    yield Check(
        f"Label Studio {VERSION}", whole, str(home.environment) if whole else "not installed, or only in part",
        "" if whole else "allegedly studio up installs it",
    )  # fmt: skip
    folder = next(p for p in (home.state, *home.state.parents) if p.exists())
    room = shutil.disk_usage(folder).free
    yield Check(
        "disk", room > ROOM, f"{room / 1e9:.1f} GB free", "" if room > ROOM else f"make room on the disk of {folder}"
    )
    yield _secret(home)
    try:
        found = server.running(home)
    except StudioError as error:
        yield Check("server", False, str(error), "see above")
        return
    if found is None:
        stale = bool(home.read("server"))
        yield Check(
            "server", False, "it died" if stale else "not running", f"allegedly studio up (its log: {home.log})"
        )
        return
    alive = server.healthy(found.url)
    yield Check("server", alive, f"process {found.pid}, {found.url}", "" if alive else "allegedly studio down, then up")
    if alive and sdk:
        yield from _inside(home)


def _secret(home: Home) -> Check:
    path = home.state / "credentials.json"
    if not path.exists():
        return Check("credentials", True, "made at the first start")
    mode = stat.S_IMODE(path.stat().st_mode)
    well = mode & 0o077 == 0
    return Check("credentials", well, f"{path}, mode {mode:o}", "" if well else f"chmod 600 {path}")


def _inside(home: Home) -> Iterator[Check]:
    try:
        client = connect(home)
        projects = client.projects()
    except StudioError as error:
        mend = (
            f"the token in {home.state / 'credentials.json'} is not this database's: put the right one there (Account & Settings "
            f"→ Legacy token), or move {home.state} away for a new start"
        )
        yield Check("token", False, str(error), mend)
        return
    yield Check("token", True, f"accepted; {len(projects)} projects")
    yield from _config(client)


def _config(client: Client) -> Iterator[Check]:
    project = client.project(TITLE)
    if project is None:
        yield Check("project", False, f"there is no project {TITLE!r}", "allegedly studio push")
        return
    wrong = labelling.lint(str(project.label_config))
    yield Check(
        "labelling config", not wrong, "as the schema has it" if not wrong else "; ".join(wrong[:4]),
        "" if not wrong else "allegedly studio push renews it, unless annotations use what it would drop",
    )  # fmt: skip
