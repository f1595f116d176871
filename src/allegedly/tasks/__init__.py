"""The tasks: items from articles, answers from attributions. One small file a task.

A task's answers are either attributions per article (`extraction`) or a label per item (the others). A system gives
predictions as a mapping from item id to answer; a missing id is scored as empty, never dropped.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from allegedly.schema import Article, Attribution, Pair
from allegedly.store import UnknownIdError


class Label(NamedTuple):
    """An answer of a labelling task: the label and, where the system gives one, its probability."""

    label: str
    p: float | None = None


def no_gold(article: Article) -> Article:
    """The text alone."""
    return article.with_attributions(())


Attributions = tuple[Attribution, ...]
Answer = Label | Attributions
Predictions = Mapping[str, Any]  # item id -> Label, or article id -> tuple of attributions


class Item(NamedTuple):
    """One question of a labelling task with its gold answer; `choices` are its own labels where the task's are not fixed."""

    id: str
    answer: str
    attribution: Attribution | None = None
    sentence: int | None = None
    pair: Pair | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A task. `labels` is empty for extraction, whose one item is the whole article, and `("m…",)` for linking, whose items
    each have their own choices. `hide` gives an article without what a system must not see.
    """

    name: str
    description: str
    labels: tuple[str, ...]
    measures: tuple[str, ...]
    needs: tuple[str, ...]
    items: Callable[[Article], Sequence[Item]]
    hide: Callable[[Article], Article]

    @property
    def main(self) -> str:
        """The measure that ranks."""
        return self.measures[0]


TASKS = ("detection", "extraction", "linking", "stance", "disputes")


def get_task(name: str) -> Task:
    """A task by name. UnknownIdError lists the tasks."""
    if name not in TASKS:
        raise UnknownIdError("task", name, TASKS)
    task: Task = importlib.import_module(f"allegedly.tasks.{name}").TASK
    return task
