"""Where the studio keeps things: state (credentials, database, backups) apart from what can be made again (the cache).

Both lie in the user's folders, never in a repository. `ALLEGEDLY_STUDIO_HOME` and `ALLEGEDLY_STUDIO_CACHE` name others.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from allegedly.store import write_atomic
from allegedly.studio import StudioError

#: The version of the server that everything here was tried with.
VERSION = "1.23.2"
EMAIL = "owner@allegedly.local"
MEND = {
    "credentials": "Take it from a backup: a new one would not open the database that is there",
    "salt": "Take it from a backup: with a new one every annotator gets another name",
}


@dataclass(frozen=True)
class Home:
    """The two folders. Nothing is made before it is needed."""

    state: Path
    cache: Path

    @property
    def environment(self) -> Path:
        """The server's own virtual environment."""
        return self.cache / f"label-studio-{VERSION}"

    @property
    def template(self) -> Path:
        """A migrated, empty database: a first start copies it instead of migrating for two minutes."""
        return self.cache / f"template-{VERSION}.sqlite3"

    @property
    def data(self) -> Path:
        """Label Studio's own folder: database, uploads, exports."""
        return self.state / "data"

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.state / "server.log"

    @property
    def backups(self) -> Path:
        """Raw exports and copies of the database."""
        return self.state / "backups"

    def read(self, name: str) -> dict[str, Any]:
        """A state file, `{}` where there is none. StudioError for one that cannot be read."""
        path = self.state / f"{name}.json"
        try:
            data = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StudioError(
                f"{path} cannot be read ({error}). {MEND.get(name, 'Move it away: it is made anew')}"
            ) from None
        return data if isinstance(data, dict) else {}

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        """Replace a state file; only the user may read it."""
        private(self.state)
        path = self.state / f"{name}.json"
        write_atomic(path, (json.dumps(data, indent=1, sort_keys=True) + "\n").encode(), mode=0o600)

    def forget(self, name: str) -> None:
        """Remove a state file, if it is there."""
        (self.state / f"{name}.json").unlink(missing_ok=True)

    def credentials(self) -> dict[str, str]:
        """Login and token of the server's owner, made at the first call."""
        found = self.read("credentials")
        if not found:
            found = {"email": EMAIL, "password": secrets.token_urlsafe(12), "token": secrets.token_hex(20)}
            self.write("credentials", found)
        return {k: str(v) for k, v in found.items()}

    def pseudonym(self, email: str) -> str:
        """A stable name for an annotator that does not tell who it is: `ls-` and ten hex digits of a salted digest."""
        salt = str(self.read("salt").get("salt") or "")
        if not salt:
            salt = secrets.token_hex(16)
            self.write("salt", {"salt": salt})
        return "ls-" + hmac.new(salt.encode(), email.strip().lower().encode(), hashlib.sha256).hexdigest()[:10]


def private(folder: Path) -> None:
    """Make a folder that only the user may enter."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def home() -> Home:
    """The user's folders, or those that the environment names."""
    state = os.environ.get("ALLEGEDLY_STUDIO_HOME") or Path(platformdirs.user_state_dir("allegedly")) / "studio"
    cache = os.environ.get("ALLEGEDLY_STUDIO_CACHE") or Path(platformdirs.user_cache_dir("allegedly")) / "studio"
    return Home(Path(state), Path(cache))
