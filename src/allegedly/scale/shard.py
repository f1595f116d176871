"""Annotating one shard: its rows in, one Parquet file out. The same function runs in a local worker and in a task of Ray."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from allegedly.annotate import article_of
from allegedly.scale.inputs import Shard
from allegedly.scale.readers import Columns, Row, rows
from allegedly.scale.stats import Stats
from allegedly.scale.store import STATE, Output
from allegedly.scale.table import Made, schema, table
from allegedly.schema import Article

BATCH = 64  # articles annotated at once
GROUP = 1024  # rows of a row group of the output
DEATHS = 2  # of its worker with an article in hand, the last time alone: then the article is left out
CRASH = "WorkerCrash"
SURROGATE = re.compile("[\ud800-\udfff]")
TOO_LONG = 1_000_000  # characters


@dataclass(frozen=True)
class Job:
    """What the shards of a job have in common."""

    out: str
    run: str  # of this very start of the job: only deaths under one driver are counted against an article
    system: str  # the signature
    columns: Columns
    kept: Any  # Arrow schema of the kept columns


def annotate_shard(job: Job, shard: Shard, system: Any, said: Callable[[int], None] = lambda rows: None) -> Stats:
    """Annotate a shard and commit its part. `said` hears how many rows are done.

    Raises OSError and InputError where the input is not there any more, OutputError where nothing can be written. An article that
    raises gets an error instead of attributions; one that kills the process is known by the state that it leaves behind.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = Output(job.out)
    deaths = Deaths(out, job.run, shard.part)
    stats = Stats()
    started = time.perf_counter()
    whole = schema(job.kept)
    with out.committed(shard.part) as draft, pq.ParquetWriter(draft, whole, compression="zstd") as file:
        ready: list[Any] = []

        def flush() -> None:
            file.write_table(pa.concat_tables([whole.empty_table(), *ready]))
            ready.clear()

        for numbered in _batches(rows(shard, job.columns), deaths):
            made = []
            for (_, row), (found, error) in zip(numbered, _annotate(numbered, system, deaths), strict=True):
                made.append(Made(row.id, replace(found, text=row.text) if found else None, error, row.kept))
                stats.add(row.text, found.attributions if found else (), error)
            ready.append(table(made, job.system, job.kept))
            deaths.rest()
            said(stats.rows)
            if sum(len(t) for t in ready) >= GROUP:
                flush()
        stats.seconds = time.perf_counter() - started
        flush()
        file.add_key_value_metadata({"allegedly": json.dumps(stats.plain())})
    deaths.over()
    return stats


class Deaths:
    """Which articles of a part were in hand when a worker died, kept in the output's state. Rows are known by their number in the shard."""

    def __init__(self, out: Output, run: str, part: str) -> None:
        self._out, self._run, self._name = out, run, f"{STATE}/{part}.json"
        if out.local:
            out.fs.makedirs(out.at(STATE), exist_ok=True)
        left = out.read(self._name) or {}
        same = left.get("run") == run
        self._deaths = Counter({int(n): count for n, count in left.get("deaths", {}).items()}) if same else Counter()
        #: What was in hand at the last death.
        self.in_hand: list[int] = left.get("hand", []) if same else []
        self._deaths.update(self.in_hand)
        #: Left out: killed its worker, and was the only one in hand the last time.
        self._out_for_good = set(left.get("out", [])) if same else set()
        if len(self.in_hand) == 1 and self._deaths[self.in_hand[0]] >= DEATHS:
            self._out_for_good.add(self.in_hand[0])
        self._now = 0  # how many are in hand now
        if self.in_hand:
            self.hand([])  # counted: the next death counts another

    def suspects(self, number: int) -> bool:
        """Whether an article was in hand at a death, and is better annotated alone."""
        return number in self._deaths

    def left_out(self, number: int) -> int:
        """The deaths of an article that is not tried again; else 0."""
        return self._deaths[number] if number in self._out_for_good else 0

    def hand(self, numbers: Sequence[int]) -> None:
        """Say what is in hand now."""
        state = {"run": self._run, "hand": list(numbers), "deaths": self._deaths, "out": sorted(self._out_for_good)}
        self._out.mark(self._name, state)
        self._now = len(numbers)

    def rest(self) -> None:
        """Say that nothing is in hand, if it was an article alone: it is no longer to blame. Of many none is blamed by one death."""
        if self._now == 1:
            self.hand([])

    def over(self) -> None:
        """The part is done."""
        self._out.remove(self._name)


def died_with_an_article(job: Job, shard: Shard) -> bool:
    """Whether a dead worker left an article of the shard in hand: then the next attempt knows more, and is worth making. Asked once a death."""
    return bool(Deaths(Output(job.out), job.run, shard.part).in_hand)


Numbered = list[tuple[int, Row]]


def _batches(found: Iterator[Row], deaths: Deaths) -> Iterator[Numbered]:
    """Batches of rows with their numbers; one that was in hand at a death stands alone."""
    numbered = enumerate(found)
    while batch := list(islice(numbered, BATCH)):
        if any(deaths.suspects(n) for n, _ in batch):
            yield from ([one] for one in batch)
        else:
            yield batch


def _annotate(batch: Numbered, system: Any, deaths: Deaths) -> list[tuple[Article | None, str | None]]:
    """For each row its article with attributions, or what went wrong."""
    found: dict[int, tuple[Article | None, str | None]] = {n: (None, _unfit(n, row, deaths)) for n, row in batch}
    fit = [(n, _article(n, row)) for n, row in batch if found[n][1] is None]
    if fit:
        deaths.hand([n for n, _ in fit])
        try:
            answers = system.predict([a for _, a in fit])
            found |= {n: (_with(a, answers), None) for n, a in fit}
        except Exception:  # one of them: each alone, to know which
            for n, article in fit:
                found[n] = _alone(n, article, system, deaths)
    return [found[n] for n, _ in batch]


def _alone(n: int, article: Article, system: Any, deaths: Deaths) -> tuple[Article | None, str | None]:
    deaths.hand([n])
    try:
        return _with(article, system.predict([article])), None
    except Exception as error:  # the system's, whatever it is
        return None, f"{type(error).__name__}: {error}"[:500]


def _with(article: Article, answers: Any) -> Article:
    return article.with_attributions(tuple(answers.get(article.id, ())))


def _unfit(n: int, row: Row, deaths: Deaths) -> str | None:
    """Why an article is not annotated at all."""
    if row.error:
        return row.error
    if count := deaths.left_out(n):
        return f"{CRASH}: its worker died {count} times with it in hand; try it again with --retry-crashed"
    if not row.text.strip():
        return "NoText: the article is empty"
    if len(row.text) > TOO_LONG:
        return f"TooLong: {len(row.text):,} characters, at most {TOO_LONG:,}"
    if SURROGATE.search(row.text):
        return "NoText: not Unicode text: a surrogate stands alone"
    return None


def _article(n: int, row: Row) -> Article:
    """The article, with every character in its place: line ends become LF without moving an offset."""
    text = row.text
    if "\r" in text or text.startswith("\ufeff"):
        text = (" " + text[1:] if text.startswith("\ufeff") else text).replace("\r\n", " \n").replace("\r", "\n")
    return article_of(f"x{n}", text)
