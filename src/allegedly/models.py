"""Trained baselines: fitted on the train split at first use, kept in the user's cache folder under the corpus fingerprint and a digest of our code."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allegedly import __version__, runs
from allegedly.results import Result, current, read
from allegedly.schema import AllegedlyError
from allegedly.store import Corpus
from allegedly.systems import get_system, spec
from allegedly.tasks import get_task

#: What annotates unless a system is named. On our test split `crf` is well ahead, but on real news that nobody here wrote it is not:
#: AttributionF1(overlap) .51 and .51 on five external articles, .38 against .40 of `rules` on PolNeAR's development split; and `rules` is twice as fast.
DEFAULT = "rules"

#: What files raise that were cut off, or written by something else.
BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Model:
    """A system ready to predict, and what its user should know of it."""

    system: Any
    about: str


def trained(name: str, corpus: Corpus) -> Model:
    """A system for extraction, fitted on the corpus's train split or read from the cache."""
    system: Any = get_system(name, "extraction")
    articles = [r for r in corpus.records.values() if r.split == "train" and corpus.gold_path(r).exists()]
    about = (
        f"{name}: trained on {len(articles)} articles of {corpus.info.name} {corpus.label}; {measured(name, corpus)}"
    )
    if not hasattr(system, "save"):
        return Model(system, f"{name}: no training; {measured(name, corpus)}")
    made_by = hashlib.sha256(spec(name).encode()).hexdigest()[:12]
    folder = _cache() / f"{made_by}-{__version__}-{runs.code()}-{corpus.label}"
    if folder.exists():
        try:
            return Model(type(system).load(folder), about)
        except BROKEN:
            shutil.rmtree(folder, ignore_errors=True)
    system.fit(corpus.annotated("train"))
    _keep(system, folder)
    return Model(system, about)


def signature(name: str, corpus: Corpus) -> str:
    """What annotated, in one line: the system, what it was trained on, and the version."""
    trainable = hasattr(get_system(name, "extraction"), "save")
    return "|".join(
        [spec(name), *([f"corpus:{corpus.info.name}-{corpus.label}"] if trainable else []), f"version:{__version__}"]
    )


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("allegedly") / "models"


def _keep(system: Any, folder: Path) -> None:
    """Save in one step; a cache that cannot be written costs time, not the answer."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".part-"))
    except OSError:
        return
    try:
        system.save(part)
        os.replace(part, folder)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)


def measured(name: str, corpus: Corpus) -> str:
    """What the system scores on news that it has not seen, from `benchmarks/results.jsonl`, or that nobody measured."""
    for result in _results(corpus):
        if result.system == name:
            measure = get_task("extraction").main
            score = result.scores[measure]
            interval = "" if score.low is None else f" [{score.low:.3f}, {score.high:.3f}]"
            return f"on news it has not seen: {measure} {score.value:.3f}{interval} ({result.signature})"
    return "on news it has not seen: not measured for this corpus (make benchmark measures it)"


def _results(corpus: Corpus) -> list[Result]:
    """The extraction results for this very corpus; none where the file is missing or cannot be read."""
    try:
        rows = current(read(corpus.path("benchmarks")), corpus.label)
    except AllegedlyError:
        return []
    return [r for r in rows if r.task == "extraction" and r.rank and r.split != "external"]
