"""What a part holds, counted while it is made and kept in its footer, so that the summary reads no row."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from allegedly.scale.store import Output, OutputError
from allegedly.schema import Attribution

KEPT = 500  # of the commonest sources and names that a part's footer keeps: a sum over parts may miss some that are rare in each
NAME = re.compile(r"(?:[A-Z][\w’'.-]+)(?: (?:of |the |and )?[A-Z][\w’'.-]+)*")
MOST = 50_000  # different sources or names that are counted at a time: an input that is not cut may have millions


@dataclass
class Stats:
    """Counts of one part, or of several added up."""

    rows: int = 0
    characters: int = 0
    attributions: int = 0
    seconds: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)
    stances: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    asserted: Counter[str] = field(default_factory=Counter)  # names in claims that a source asserts
    denied: Counter[str] = field(default_factory=Counter)  # and in claims that a source denies

    def add(self, text: str, made: Iterable[Attribution], error: str | None) -> None:
        """Count one article."""
        self.rows += 1
        self.characters += len(text)
        if error:
            self.errors[error.partition(":")[0]] += 1
        for attribution in made:
            self.attributions += 1
            self.stances[attribution.stance] += 1
            source = " ".join(text[s.start : s.end] for s in attribution.source.spans)
            self.sources[source or "(no source named)"] += 1
            if attribution.stance in ("assert", "deny"):
                names = {n for s in attribution.claim.spans for n in _names(text[s.start : s.end])}
                (self.denied if attribution.stance == "deny" else self.asserted).update(names)
        for counts in (self.sources, self.asserted, self.denied):
            if len(counts) > MOST:
                commonest = counts.most_common(MOST // 2)
                counts.clear()
                counts.update(dict(commonest))

    def plus(self, other: Stats) -> Self:
        """Add another's counts to these."""
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            else:
                setattr(self, name, getattr(self, name) + value)
        return self

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            name: dict(value.most_common(KEPT)) if isinstance(value, Counter) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """What `plain` made."""
        given: dict[str, Any] = {n: Counter(v) if isinstance(v, dict) else v for n, v in plain.items()}
        return cls(**given)

    def disputed(self, most: int = 15) -> list[tuple[str, int, int]]:
        """Names by how often claims with them are denied where others are asserted: (name, asserted, denied)."""
        both = [(n, self.asserted[n], count) for n, count in self.denied.items() if self.asserted[n]]
        return sorted(both, key=lambda x: (-min(x[1], x[2]), -x[2], x[0]))[:most]


def stats_of(out: Output, part: str) -> Stats:
    """The counts in a part's footer. OutputError where the file is none of ours."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with out.fs.open(out.at(part), "rb") as file:
            return Stats.of(json.loads(pq.read_metadata(file).metadata[b"allegedly"]))
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise OutputError(
            f"{out.url}/{part}: expected a part that allegedly wrote; remove it to have it made again: {error}"
        ) from None


def _names(text: str) -> set[str]:
    """Runs of capitalised words that do not merely open the claim."""
    return {m.group().rstrip(".’'-") for m in NAME.finditer(text) if m.start() or " " in m.group()}
