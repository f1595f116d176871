"""The signature of a score: every field that can change it, in one line, made mechanically."""

from __future__ import annotations

from dataclasses import dataclass, fields

from allegedly import __version__


@dataclass(frozen=True)
class Signature:
    """All that a score depends on. Its string is what is printed beside the score."""

    task: str
    split: str
    corpus: str
    measure: str
    n: str
    boot: str
    v: str = __version__

    def __str__(self) -> str:
        rest = "|".join(f"{f.name}:{getattr(self, f.name)}" for f in fields(self)[1:])
        return f"allegedly:{self.task}|{rest}"
