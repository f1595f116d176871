"""Measures are values: they parse, print, hash and compare by their string. One small file each.

A measure turns an article's comparison into a vector of counts, and a sum of such vectors into a score, so that
intervals and paired tests come from the same vectors as the score itself.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from allegedly.scoring.comparison import Comparison
from allegedly.store import UnknownIdError

Counts = NDArray[np.float64]

#: Measure name -> module of this package and class.
MEASURES = {
    "AttributionF1": "attribution_f1:AttributionF1",
    "SourceF1": "role_f1:SourceF1",
    "CueF1": "role_f1:CueF1",
    "ClaimF1": "role_f1:ClaimF1",
    "StanceAccuracy": "matched_accuracy:StanceAccuracy",
    "ViaAccuracy": "matched_accuracy:ViaAccuracy",
    "StructureF1": "structure_f1:StructureF1",
    "MacroF1": "class_f1:MacroF1",
    "StanceF1": "class_f1:StanceF1",
    "F1": "class_f1:F1",
    "LinkAccuracy": "link_accuracy:LinkAccuracy",
    "Brier": "brier:Brier",
    "ECE": "ece:ECE",
}
_CALL = re.compile(r"^(\w+)(?:\(([\w.+=-]+)\))?$")


@runtime_checkable
class Measure(Protocol):
    """What a measure offers. `better` is +1 where more is better, -1 where less is; `needs` names the annotation that it
    asks for beyond its task's own.
    """

    better: ClassVar[int]

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields of the annotation, as in `corpus.json`."""
        ...

    def counts(self, comparison: Comparison) -> Counts:
        """The count vector of one article."""
        ...

    def score(self, counts: Counts) -> Counts:
        """The score of summed counts; works on the last axis, so many sums are scored at once."""
        ...


@dataclass(frozen=True)
class Base:
    """A measure without parameters. Its string is its name."""

    better: ClassVar[int] = 1

    @property
    def needs(self) -> tuple[str, ...]:
        """Nothing beyond the task's own."""
        return ()

    def __str__(self) -> str:
        return type(self).__name__


@dataclass(frozen=True)
class Parametric(Base):
    """A measure with one parameter, `Name(parameter)`."""

    parameter: str
    choices: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if self.choices and self.parameter not in self.choices:
            raise UnknownIdError(f"parameter of {type(self).__name__}", self.parameter, self.choices)

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.parameter})"


def parse_measure(name: str) -> Measure:
    """A measure from its string, such as `AttributionF1(overlap)`. UnknownIdError lists the measures."""
    match = _CALL.match(name.strip())
    if not match or match[1] not in MEASURES:
        raise UnknownIdError("measure", name, MEASURES)
    module, _, attribute = MEASURES[match[1]].partition(":")
    made = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
    if issubclass(made, Parametric):
        if match[2] is None:
            raise UnknownIdError("measure", name, [f"{match[1]}({c})" for c in made.choices or ("bins=15",)])
        measure: Measure = made(match[2])
    elif match[2] is not None:
        raise UnknownIdError("measure", name, [match[1]])
    else:
        measure = made()
    return measure


def example(name: str) -> tuple[str, str]:
    """A measure's string, with its first parameter where it has one, and its explanation in one line."""
    module, _, attribute = MEASURES[name].partition(":")
    made = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
    preferred = (
        [c for c in ("overlap",) if name == "AttributionF1"] or list(getattr(made, "choices", ())) or ["bins=15"]
    )
    text = name + (f"({preferred[0]})" if issubclass(made, Parametric) else "")
    return text, explain(text)


def explain(text: str) -> str:
    """What a measure counts, in one line: its docstring, or that of what it is a kind of."""
    made = type(parse_measure(text))
    own = made.__doc__ or ""
    explained = own if "counts" in vars(made) or len(own) > 60 else made.__mro__[1].__doc__ or ""
    return " ".join(explained.split())


def f1(hits: Counts, predicted: Counts, gold: Counts) -> Counts:
    """The harmonic mean of precision and recall, 0 where there is neither gold nor prediction (as scikit-learn)."""
    return ratio(2.0 * hits, predicted + gold)


def ratio(part: Counts, whole: Counts) -> Counts:
    """Part over whole, 0 where the whole is 0."""
    found: Counts = np.divide(part, whole, out=np.zeros_like(np.asarray(part, dtype=float)), where=whole > 0)
    return found
