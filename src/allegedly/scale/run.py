"""The whole job: plan, manifest, engine, end. What is done stays done; a run of the same command goes on with the rest."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from allegedly.models import signature, trained
from allegedly.scale.inputs import ROWS, Input, Shard, cut, find
from allegedly.scale.local import Done
from allegedly.scale.readers import Columns, kept_schema, rows
from allegedly.scale.shard import CRASH, Job, annotate_shard
from allegedly.scale.stats import Stats, stats_of
from allegedly.scale.store import Output, OutputError
from allegedly.scale.worker import Model, publish
from allegedly.store import Corpus

MANIFEST = "_run.json"


class Engine(Protocol):
    """Who runs the shards."""

    def rows(self) -> int:
        """Rows done of the shards in work, as far as it is heard."""
        ...

    def run(self, job: Job, model: Model, shards: Sequence[Shard]) -> Iterator[Done]:
        """Every shard's end, as they come."""
        ...


@dataclass
class Plan:
    """What a job is to do."""

    out: Output
    inputs: list[Input]
    shards: list[Shard]
    columns: Columns
    kept: Any
    system: str
    corpus: Corpus
    options: dict[str, Any]
    done: set[str] = field(default_factory=set)

    @property
    def todo(self) -> list[Shard]:
        """The shards without a part."""
        return [s for s in self.shards if s.part not in self.done]

    def manifest(self) -> dict[str, Any]:
        """What a job is, so that no other one writes into its output."""
        inputs = {i.url: [i.size, len(i.files), *([_digest(i.files)] if i.files else [])] for i in self.inputs}
        return {"format": 1, "system": signature(self.system, self.corpus), "inputs": inputs, **self.options}


def plan(
    given: Sequence[str], out: str, system: str, corpus: Corpus, columns: Columns = Columns(), *, limit: int | None = None, rows: int = ROWS  # noqa: B008
) -> Plan:  # fmt: skip
    """Find the inputs and cut them. InputError, and OutputError where the output belongs to another job."""
    output = Output(out)
    inputs = find(given, output.fs.unstrip_protocol(output.path))
    options = {"text": columns.text, "id": columns.id, "keep": list(columns.keep), "limit": limit, "rows": rows}
    made = Plan(
        output, inputs, cut(inputs, rows, limit), columns, kept_schema(inputs, columns), system, corpus, options
    )
    _look(made)
    return made


def _look(made: Plan) -> None:
    """See what is done. OutputError where the output belongs to another job."""
    parts = set(made.out.parts())
    if there := made.out.read(MANIFEST):
        differences = list(_differences({k: v for k, v in there.items() if k != "model"}, made.manifest()))
        if differences:
            raise OutputError(
                f"{made.out.url}: belongs to another job: {'; '.join(differences)}. Take another --out, or give what that job was given"
            )
    elif parts:
        raise OutputError(
            f"{made.out.url}: holds parts but no {MANIFEST}: expected an empty folder or one of an earlier run"
        )
    made.done = parts & {s.part for s in made.shards}


def _digest(files: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(files).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _differences(was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*was, *now]):
        if name != "inputs" and was.get(name) != now.get(name):
            yield f"{name} was {was.get(name)}, now {now.get(name)}"
    before, after = was.get("inputs", {}), now["inputs"]
    for what, some in (("no more there", before.keys() - after.keys()), ("new", after.keys() - before.keys())):
        if some:
            yield f"{len(some)} inputs {what}: {', '.join(sorted(some)[:3])}{' …' if len(some) > 3 else ''}"
    for url in sorted(before.keys() & after.keys()):
        if before[url][:2] != after[url][:2]:
            yield f"{url} was {before[url][0]:,} bytes, now {after[url][0]:,}"
        elif before[url] != after[url]:
            yield f"{url} had files of other names"
    if before.keys() == after.keys() and list(before) != list(after):
        yield "the inputs came in another order"


def forget_crashed(made: Plan) -> int:
    """Remove the parts in which an article was left out because it killed its worker. Returns how many."""
    crashed = [part for part in sorted(made.done) if stats_of(made.out, part).errors[CRASH]]
    for part in crashed:
        made.out.remove(part)
        made.done.discard(part)
    return len(crashed)


@dataclass
class Progress:
    """How far a job is."""

    shards: int
    weight: int
    shards_done: int = 0
    weight_done: int = 0
    begun: int = 0  # bytes that an earlier run had done
    each: float = 4096.0  # bytes of an article, before one is done
    rows: int = 0
    errors: int = 0
    failed: list[Done] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return max(1e-6, time.monotonic() - self.started)


@contextmanager
def _alone(out: Output) -> Iterator[None]:
    """One driver at a time, where the output is on a disk; the system lets go when the driver dies."""
    if not out.local:
        yield
        return
    import os

    try:
        import fcntl
    except ImportError:  # Windows: nobody is kept out
        yield
        return
    os.makedirs(out.path, exist_ok=True)
    with open(out.at("_lock"), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(f"{out.url}: another run is writing into it now") from None
        yield
        with suppress(FileNotFoundError):
            os.unlink(out.at("_lock"))


def run(made: Plan, engine: Callable[[], Engine], said: Callable[[Progress, Engine | None], None]) -> Progress:
    """Do what is left of a plan. OutputError stops it; a shard whose input is broken is in `failed`, and the others go on."""
    if not made.todo:
        return _begun(made)
    with _alone(made.out):
        _look(made)  # again: another driver may have been at work since
        progress = _begun(made)
        made.out.fs.makedirs(made.out.path, exist_ok=True)
        made.out.tidy()
        model = _model(made)
        job = Job(
            made.out.url,
            uuid.uuid4().hex[:12],
            f"{signature(made.system, made.corpus)}|model:{model.digest or 'none'}",
            made.columns,
            made.kept,
        )
        runner = engine()
        progress.started = time.monotonic()
        ends = runner.run(job, model, made.todo)
        try:
            for end in _ticking(ends, lambda: said(progress, runner)):
                _count(progress, end)
        finally:
            ends.close()  # type: ignore[attr-defined]
            made.out.tidy()
    said(progress, runner)
    lost = {s.part for s in made.shards} - set(made.out.parts()) - {end.shard.part for end in progress.failed}
    if lost:
        raise OutputError(
            f"{made.out.url}: {len(lost)} parts were made and are not here, {min(lost)} first: does every machine see this very folder?"
        )
    return progress


def _begun(made: Plan) -> Progress:
    weight = sum(s.weight for s in made.shards if s.part in made.done)
    progress = Progress(len(made.shards), sum(s.weight for s in made.shards), len(made.done), weight, weight)
    if rows := sum(s.rows for s in made.shards if s.rows):
        progress.each = sum(s.weight for s in made.shards if s.rows) / rows
    return progress


def _count(progress: Progress, end: Done) -> None:
    if isinstance(end.error, OutputError):
        raise end.error
    if end.stats is None:
        progress.failed.append(end)
        return
    progress.shards_done += 1
    progress.weight_done += end.shard.weight
    progress.rows += end.stats.rows
    progress.errors += sum(end.stats.errors.values())


def _ticking(ends: Iterator[Done], tick: Callable[[], None], every: float = 0.5) -> Iterator[Done]:
    """The ends as they come, with a tick between them, so that a bar moves while shards are in work."""
    import threading

    over = threading.Event()

    def beat() -> None:
        while not over.wait(every):
            tick()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield from ends
    finally:
        over.set()
        thread.join()


def _model(made: Plan) -> Model:
    """The job's model: the one that its first run put into the output, else this machine's."""
    there = made.out.read(MANIFEST)
    if there:
        return Model(made.system, there["model"])
    model = publish(made.out, made.system, trained(made.system, made.corpus).system)
    made.out.write(MANIFEST, {**made.manifest(), "model": model.digest})
    return model


def sample(made: Plan, articles: int = 64) -> tuple[Stats, float]:
    """Annotate the first articles of what is left, write nothing: (counts, seconds)."""
    import tempfile

    if not made.todo:
        return Stats(), 0.0
    system = trained(made.system, made.corpus).system
    shard = made.todo[0]
    some = sum(1 for _ in zip(range(articles), rows(shard, made.columns), strict=False))
    with tempfile.TemporaryDirectory() as folder:
        job = Job(folder, "sample", "sample", made.columns, made.kept)
        started = time.perf_counter()
        stats = annotate_shard(job, shard.limited(some), system)
        return stats, time.perf_counter() - started


def total(made: Plan) -> Stats:
    """The counts of all parts that are there."""
    whole = Stats()
    for part in made.out.parts():
        whole.plus(stats_of(made.out, part))
    return whole
