"""The systems: everything that answers a task. A system is a class made for one task, with `fit` and `predict`.

    system = get_system("linear", task="extraction")
    predictions = system.fit(training_articles).predict(other_articles)

`predict` gives a mapping: for extraction from article id to a tuple of attributions, for the other tasks from item id
(as `task.items` makes them) to a `Label(label, p)`. It must not look at an article's gold stance or, for extraction and
detection, at any gold. Other packages add systems by the entry point group `allegedly.systems`; `module:Class` works
without one, and so does any scikit-learn classifier as `sklearn:LinearSVC(C=0.5)`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Sequence
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Protocol, Self, cast

from allegedly.schema import AllegedlyError, Article
from allegedly.store import UnknownIdError
from allegedly.tasks import Predictions


class System(Protocol):
    """What a system offers. `tasks` names the tasks that it can be made for."""

    tasks: tuple[str, ...]

    def __init__(self, task: str, seed: int = 0) -> None: ...

    def fit(self, articles: Sequence[Article]) -> Self:
        """Learn from annotated articles; a system without learning returns itself."""
        ...

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every item of some articles."""
        ...


SYSTEMS = {
    "majority": "allegedly.systems.majority:Majority",
    "rules": "allegedly.systems.rules:Rules",
    "linear": "allegedly.systems.linear:Linear",
    "crf": "allegedly.systems.crf:Crf",
    "encoder": "encoder:",
    "nearest": "allegedly.systems.nearest:Nearest",
    "ranker": "allegedly.systems.ranker:Ranker",
    "overlap": "allegedly.systems.overlap:Overlap",
    "align": "allegedly.systems.align:Align",
    "embed": "allegedly.systems.align:Embed",
    "random": "allegedly.systems.chance:Random",
    "cue-only": "allegedly.systems.partial:CueOnly",
    "claim-only": "allegedly.systems.partial:ClaimOnly",
}


#: What a scikit-learn classifier's name begins with, a language model's, and a pretrained encoder's.
PREFIX = "sklearn:"
LLM_PREFIX = "llm:"
ENCODER_PREFIX = "encoder:"


class SystemUseError(AllegedlyError, ValueError):
    """A system that cannot be made, or not for this task."""


def available() -> dict[str, str]:
    """Every system by name, plug-ins included, as `module:Class` or by a prefix."""
    return SYSTEMS | {e.name: e.value for e in entry_points(group="allegedly.systems")}


def get_system(name: str, task: str, seed: int = 0) -> System:
    """Make a system for a task, by name or as `module:Class`. UnknownIdError lists the names."""
    made = _find(name)
    if not hasattr(made, "tasks"):
        raise SystemUseError(
            f'{name} has no `tasks`: expected a class with tasks = ("stance", …), __init__(self, task, seed=0), fit(self, articles) and '
            "predict(self, articles); docs/benchmark.md has one"
        )
    if task not in made.tasks:
        raise SystemUseError(f"{name} answers {', '.join(made.tasks)}, not {task}")
    return made(task, seed)


def answers(name: str, task: str) -> bool:
    """Whether a system can be made for a task. UnknownIdError lists the names."""
    found = _find(name)
    return task in found.tasks if hasattr(found, "tasks") else bool(get_system(name, task))


def spec(name: str) -> str:
    """What a system is, for a cache: `module:Class`, for one outside this package a digest of its module's file too; an encoder's model."""
    path = available().get(name, name)
    if path.startswith((PREFIX, LLM_PREFIX)):
        return path
    if path.startswith(ENCODER_PREFIX):
        from allegedly.systems.encoder import identity

        there = [p for p in ("torch", "transformers") if importlib.util.find_spec(p)]
        return " ".join([identity(path), *(f"{p}=={version(p)}" for p in there)])
    file = getattr(importlib.import_module(_find(name).__module__), "__file__", None)
    if path.startswith("allegedly.") or file is None:
        return path
    return f"{path}@{hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]}"


def _find(name: str) -> type[System]:
    known = available()
    path = known.get(name, name)
    if path.startswith(PREFIX):
        from allegedly.systems.estimator import named

        return cast("type[System]", named(path))
    if path.startswith(LLM_PREFIX):
        from allegedly.systems.llm import named as model

        return cast("type[System]", model(path))
    if path.startswith(ENCODER_PREFIX):
        from allegedly.systems.encoder import named as encoder

        return cast("type[System]", encoder(path))
    if ":" not in path:
        raise UnknownIdError("system", name, known)
    module, _, attribute = path.partition(":")
    try:
        return cast("type[System]", getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        raise SystemUseError(f"{path}: expected module:Class of a system that can be imported: {error}") from None
