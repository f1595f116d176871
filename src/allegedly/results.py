"""Results: the lines of `benchmarks/results.jsonl`, appended and never rewritten, and which of them may stand side by side."""

from __future__ import annotations

import gzip
import hashlib
import json
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import Field

from allegedly import __version__, runs
from allegedly.evaluation import Protocol
from allegedly.schema import AllegedlyError, Article, Record
from allegedly.store import dump_records, read_records, write_atomic
from allegedly.systems.predictions import prediction_records, read_predictions
from allegedly.tasks import Predictions, Task

FILE = "results.jsonl"
PREDICTIONS = "predictions"
#: The row of one independent layer against the other.
ANNOTATOR = "annotator"
_FIELD = re.compile(r"\|(\w+):([^|]*)")
#: What a run does not measure: two runs that differ in these alone are the same run.
_ASIDE = {"seconds", "environment", "when"}


class MixedResultsError(AllegedlyError, ValueError):
    """Results that cannot be compared: measured on different corpora, splits, or by different scorers."""


class Score(Record):
    """A measured value with its 95 % interval; no interval where there is a single story."""

    value: float
    low: float | None
    high: float | None


class SliceScore(Record):
    """The share of a slice's items that is right (extraction: recall of overlap matches); None below twenty items."""

    n: int
    share: float | None


class Result(Record):
    """One line of `benchmarks/results.jsonl`: a system on a task, measured."""

    system: str
    task: str
    signature: str = Field(description="of the main measure; the others differ in the measure's name alone")
    scores: dict[str, Score]
    rank: int = Field(
        description="among the systems of the same run; ties share one; 0 for the annotators, who have none"
    )
    p_first: float = Field(
        description="Holm-adjusted p of the paired test against the best system of the run; 1 for itself"
    )
    stories: int = Field(description="how many stories the interval and the test are over")
    seed: int
    train: str = Field("", description="what was learnt from: corpus, fingerprint and articles of each fold")
    fraction: float = Field(1.0, description="the share of the training stories that was learnt from")
    missing: int = Field(0, description="items without a prediction, scored as empty")
    failed: tuple[str, ...] = Field((), description="articles on which the system raised, with the error")
    slices: dict[str, SliceScore] = Field({}, description="right answers by slice")
    predictions: str | None = Field(
        None, description="the predictions' file in benchmarks/predictions/, and its sha256"
    )
    seconds: float = Field(description="predict, and fit where no task before it has, all folds")
    environment: dict[str, str]
    when: str = Field("", description="date of the run, UTC")

    @property
    def split(self) -> str:
        """The scored split, from the signature."""
        return fields(self.signature)["split"]

    @property
    def main(self) -> str:
        """The measure that ranks."""
        return fields(self.signature)["measure"]


def fields(signature: str) -> dict[str, str]:
    """The fields of a signature."""
    return dict(_FIELD.findall(signature))


def environment() -> dict[str, str]:
    """What a score may depend on beside its signature."""
    return {
        "allegedly": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in runs.PACKAGES},
    }


def read(folder: Path) -> list[Result]:
    """Every result that stands in a folder, oldest first; none where there is no file."""
    path = folder / FILE
    return list(read_records(path, Result)) if path.exists() else []


def append(results: Sequence[Result], folder: Path) -> int:
    """Append what is new. A row that stands there already, measured the same, is not repeated. Returns how many were added."""
    known = read(folder)
    seen = {_measured(r) for r in known}
    new = [r for r in results if _measured(r) not in seen]
    if new:
        write_atomic(folder / FILE, dump_records([*known, *new]))
    return len(new)


def _measured(result: Result) -> str:
    return json.dumps(result.model_dump(mode="json", exclude=_ASIDE), sort_keys=True)


def latest(results: Iterable[Result]) -> list[Result]:
    """Of each system, task, split, seed and training the newest row, in the order of the file."""
    found: dict[tuple[Any, ...], Result] = {}
    for result in results:
        key = (result.task, result.system, result.seed, result.fraction, result.train.split(":")[0], result.split)
        found.pop(key, None)
        found[key] = result
    return list(found.values())


def foreign(results: Iterable[Result], label: str) -> list[Result]:
    """The newest rows of another corpus, or measured by another version: never ranked beside those that are current."""
    own = (label, __version__)
    return [r for r in latest(results) if _fields_of(r) != own]


def _fields_of(result: Result) -> tuple[str, str]:
    known = fields(result.signature)
    return known["corpus"].split("+external")[0], known["v"]


def current(results: Iterable[Result], label: str) -> list[Result]:
    """The newest rows of one corpus, by its label, measured by this version, learnt from the whole of its train split with seed 0."""
    return [
        r
        for r in latest(r for r in results if r.fraction == 1 and r.seed == 0)
        if _fields_of(r) == (label, __version__)
    ]


def comparable(results: Sequence[Result]) -> None:
    """MixedResultsError where results of one task and split come from different corpora or scorers; it names both."""
    first: dict[tuple[str, str], Result] = {}
    for result in results:
        other = first.setdefault((result.task, result.split), result)
        mine, theirs = fields(result.signature), fields(other.signature)
        for field, said in (("corpus", "corpus"), ("v", "scorer version")):
            if mine[field] != theirs[field]:
                raise MixedResultsError(
                    f"{result.task}: rows of different {said} are not ranked together: {other.system} has {theirs[field]}, "
                    f"{result.system} has {mine[field]}. Score the older predictions again (`allegedly score`), or filter by --corpus."
                )


def of(results: Iterable[Result], **wanted: str | None) -> list[Result]:
    """The results whose task, system, split, corpus or version is the wanted one; None accepts all."""
    made = []
    for result in results:
        known = {"task": result.task, "system": result.system, **fields(result.signature)}
        if all(value is None or value in known[name] for name, value in wanted.items()):
            made.append(result)
    return made


def keep_predictions(folder: Path, task: Task, chosen: Protocol, name: str, predictions: Predictions) -> str:
    """Keep a system's predictions as `predictions/<task>.<split>.<system>.jsonl.gz`; returns that name and the sha256 of the lines."""
    file = f"{task.name}.{chosen.name.split('(')[0]}.{_filed(name)}.jsonl.gz"
    path = folder / PREDICTIONS / file
    data = dump_records(prediction_records(task, chosen.articles, predictions))
    if _lines(path) != data:
        write_atomic(path, gzip.compress(data, mtime=0))
    return f"{file} {hashlib.sha256(data).hexdigest()}"


def _filed(name: str) -> str:
    """A system's name as it stands in file names."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


def _lines(path: Path) -> bytes | None:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError):
        return None


def kept_predictions(folder: Path, result: Result, task: Task, articles: Sequence[Article]) -> Predictions:
    """The predictions that a row was measured on. MixedResultsError where the file is missing, or another by now."""
    name, _, digest = (result.predictions or "").partition(" ")
    path = folder / PREDICTIONS / name
    if not name or hashlib.sha256(_lines(path) or b"").hexdigest() != digest:
        raise MixedResultsError(f"{result.task}, {result.system}: {path} is not the file that was scored")
    return read_predictions(path, task, articles).predictions


def with_predictions(
    folder: Path, results: Iterable[Result], task: Task, articles: Sequence[Article]
) -> Iterator[tuple[str, Predictions]]:
    """The ranked systems of a task whose predictions on these articles are kept as they were scored, by name."""
    for row in results:
        if row.task != task.name or not row.rank or row.predictions is None or row.split == "external":
            continue
        try:
            yield row.system, kept_predictions(folder, row, task, articles)
        except MixedResultsError:
            continue


def submitted(folder: Path, task: Task, chosen: Protocol, beside: Iterable[str]) -> dict[str, Predictions]:
    """The kept predictions of a task and split whose system is none of those `beside`: other people's, by name."""
    found, known = {}, {_filed(name) for name in beside}
    start = f"{task.name}.{chosen.name.split('(')[0]}."
    for path in sorted((folder / PREDICTIONS).glob(f"{start}*.jsonl.gz")):
        name = path.name.removeprefix(start).removesuffix(".jsonl.gz")
        if name not in known:
            found[name] = read_predictions(path, task, chosen.articles).predictions
    return found
