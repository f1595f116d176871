"""A cache of predictions under everything that can change them, so that nothing is fitted twice and nothing stale is served.

The key covers corpus, protocol, system, task, seed, the bytes of this package's code, and the versions of what it computes with. A run that
was cut short has kept each system's predictions that were finished.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from allegedly.schema import AllegedlyError, Article
from allegedly.store import dump_line, dump_records, write_atomic
from allegedly.systems import spec
from allegedly.systems.predictions import prediction_records, read_predictions
from allegedly.tasks import Predictions, Task

PACKAGES = ("numpy", "scipy", "scikit-learn", "sentencex")


class Key(NamedTuple):
    """What predictions depend on."""

    corpus: str
    split: str
    system: str
    task: str
    seed: int
    code: str
    packages: str

    @property
    def digest(self) -> str:
        """The name of the run in the cache."""
        return hashlib.sha256(json.dumps(self._asdict(), sort_keys=True).encode()).hexdigest()[:24]


def key(corpus: str, split: str, system: str, task: str, seed: int) -> Key:
    """The key of a run; a system named `module:Class` is known by the bytes of its module too."""
    return Key(corpus, split, spec(system), task, seed, code(), " ".join(f"{p}=={version(p)}" for p in PACKAGES))


@cache
def code() -> str:
    """A digest of this package's Python files."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def folder() -> Path:
    """Where runs are kept: the user's cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("allegedly") / "runs"


def load(run: Key, task: Task, articles: Sequence[Article]) -> tuple[Predictions, float] | None:
    """A kept run and the seconds that it took, or None. One that cannot be read is as good as none."""
    path = folder() / f"{run.digest}.jsonl.gz"
    about = path.with_suffix("").with_suffix(".json")
    try:
        kept: dict[str, Any] = json.loads(about.read_text("utf-8"))
        if kept["key"] != dict(run._asdict()):
            return None
        return read_predictions(path, task, articles).predictions, float(kept["seconds"])
    except (OSError, ValueError, KeyError, AllegedlyError):
        return None


def keep(run: Key, task: Task, articles: Sequence[Article], predictions: Predictions, seconds: float) -> None:
    """Keep a finished run. A cache that cannot be written costs time, not the answer."""
    data = gzip.compress(dump_records(prediction_records(task, articles, predictions)), mtime=0)
    path = folder() / f"{run.digest}.jsonl.gz"
    try:
        write_atomic(path, data)
        write_atomic(
            path.with_suffix("").with_suffix(".json"),
            dump_line({"key": run._asdict(), "seconds": round(seconds, 3)}).encode(),
        )
    except OSError:
        return
