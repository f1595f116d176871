"""What a worker does, and the model of a job: put into the output once, loaded from there by every worker, and checked."""

from __future__ import annotations

import gc
import hashlib
import pickle
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from allegedly.scale.inputs import Shard
from allegedly.scale.shard import Job, annotate_shard
from allegedly.scale.stats import Stats
from allegedly.scale.store import Output, OutputError
from allegedly.systems import get_system

FOLDER = "_model"


class Model(NamedTuple):
    """A system by name, and the digest of its saved files; "" for one that saves nothing."""

    name: str
    digest: str


def annotate(job: Job, model: Model, shard: Shard, said: Callable[[int], None] = lambda rows: None) -> Stats:
    """Annotate a shard with the job's model. Whatever it raises reaches the driver."""
    try:
        return annotate_shard(job, shard, system_of(job.out, model), said)
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:  # one that wants other arguments than it was given would be taken for a death of the worker
            raise RuntimeError(f"{type(error).__name__}: {error}"[:500]) from None
        raise


def publish(out: Output, name: str, system: Any) -> Model:
    """Write a system's files into the output and say what they are."""
    if not hasattr(system, "save"):
        return Model(name, "")
    with tempfile.TemporaryDirectory() as folder:
        system.save(Path(folder))
        files = _files(Path(folder))
        for relative, file in files:
            out.fs.makedirs(out.at(f"{FOLDER}/{relative}").rsplit("/", 1)[0], exist_ok=True)
            with out.committed(f"{FOLDER}/{relative}") as draft:
                draft.write_bytes(file.read_bytes())
        return Model(name, _digest(files))


@cache
def system_of(url: str, model: Model) -> Any:
    """The system, ready to predict; loaded once in a process. OutputError where the output's files are not the driver's.

    Records are many small objects without cycles: looking for cycles as often as Python does would take a quarter of a worker's time.
    """
    gc.set_threshold(50_000, 20, 100)
    if not model.digest:
        return get_system(model.name, "extraction")
    out = Output(url)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if not out.fs.exists(out.at(FOLDER)):
            raise OutputError(f"{url}/{FOLDER}: not there: does this machine see the output that the driver sees?")
        for path in out.fs.find(out.at(FOLDER)):
            relative = str(path)[len(out.fs._strip_protocol(out.at(FOLDER))) :].lstrip("/")
            (home / relative).parent.mkdir(parents=True, exist_ok=True)
            (home / relative).write_bytes(out.fs.cat_file(path))
        if (got := _digest(_files(home))) != model.digest:
            raise OutputError(f"{url}/{FOLDER}: expected the model {model.digest}, got {got}")
        return type(get_system(model.name, "extraction")).load(home)  # type: ignore[attr-defined]


def _files(folder: Path) -> list[tuple[str, Path]]:
    return sorted((f.relative_to(folder).as_posix(), f) for f in folder.rglob("*") if f.is_file())


def _digest(files: list[tuple[str, Path]]) -> str:
    seen = hashlib.sha256()
    for name, file in files:
        seen.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return seen.hexdigest()[:16]
