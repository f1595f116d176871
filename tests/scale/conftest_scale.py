from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from allegedly.scale.inputs import ROWS
from allegedly.scale.local import Local
from allegedly.scale.readers import Columns
from allegedly.scale.run import plan, run
from allegedly.store import open_corpus

SYSTEM = "deadly:Deadly"


@cache
def corpus():
    return open_corpus()


def text(n: int, more: str = "") -> str:
    return f"Orla{n} said the bridge {more} is closed."


def parquet(path: Path, texts: list, group: int = 50, **columns) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = {"id": [f"{path.stem}-{n}" for n in range(len(texts))], "text": pa.array(texts, pa.string())} | columns
    pq.write_table(pa.table(table), path, row_group_size=group)
    return path


def jsonl(path: Path, lines: list) -> Path:
    path.write_bytes(b"".join(x if isinstance(x, bytes) else json.dumps(x).encode() + b"\n" for x in lines))
    return path


def make(given, out, *, engine=None, workers=1, system=SYSTEM, columns=Columns(), rows=ROWS, limit=None):  # noqa: B008
    """Run a job, on one local worker unless an engine is given."""
    made = plan([str(g) for g in given], str(out), system, corpus(), columns, rows=rows, limit=limit)
    return run(made, engine or (lambda: Local(workers)), lambda progress, runner: None)


def table(out) -> pa.Table:
    """All that is in the output, in the order of its parts."""
    return pa.concat_tables([pq.read_table(p) for p in sorted(Path(out).glob("part-*.parquet"))])
