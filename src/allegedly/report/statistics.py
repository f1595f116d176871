"""Statistics of a corpus's prose as a table for the terminal and as the datasheet's generated block."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.table import Table

from allegedly.quotas import Quota
from allegedly.stats import CLOSE, Figure, Row

BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(rows: Sequence[Row] | Sequence[Figure], reasons: Mapping[str, str]) -> Table:
    """The figures; beside another corpus's, whether each is close, and where not, the reason the datasheet gives."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("")
    made.add_column("here", justify="right")
    if rows and isinstance(rows[0], Row):
        made.add_column("there", justify="right")
        made.add_column(f"within {CLOSE:.0%}", overflow="fold")
    for row in rows:
        if isinstance(row, Row):
            made.add_row(row.name, _shown(row.ours), _shown(row.theirs), verdict(row, reasons))
        else:
            made.add_row(row.name, _shown(row.value))
    return made


def verdict(row: Row, reasons: Mapping[str, str]) -> str:
    """`pass`, the reason for the difference, or that none is given."""
    return "pass" if row.close else reasons.get(row.name, "DIFFERS, no reason given")


def _shown(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def markdown(rows: Sequence[Row] | Sequence[Figure], reasons: Mapping[str, str]) -> str:
    """The same as a Markdown table."""
    if rows and isinstance(rows[0], Row):
        lines = ["| | here | there | |", "|---|---:|---:|---|"]
        lines += [
            f"| {r.name} | {_shown(r.ours)} | {_shown(r.theirs)} | {verdict(r, reasons)} |"
            for r in rows
            if isinstance(r, Row)
        ]
    else:
        lines = ["| | here |", "|---|---:|"]
        lines += [f"| {f.name} | {_shown(f.value)} |" for f in rows if isinstance(f, Figure)]
    return "\n".join(lines) + "\n"


def quota_table(found: Sequence[Quota]) -> Table:
    """What the gold holds beside its goals."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("gold", "here", "goal", ""):
        made.add_column(name, justify="right" if name in ("here", "goal") else "left")
    for quota in found:
        made.add_row(quota.name, _count(quota.value), _goal(quota), quota.state)
    return made


def quota_markdown(found: Sequence[Quota]) -> str:
    """The same as a Markdown table."""
    lines = ["| gold | here | goal | |", "|---|---:|---:|---|"]
    lines += [f"| {q.name} | {_count(q.value)} | {_goal(q)} | {q.state} |" for q in found]
    return "\n".join(lines) + "\n"


def _count(value: float) -> str:
    return f"{value:.0f}" if value >= 1 or value == 0 else f"{value:.1%}"


def _goal(quota: Quota) -> str:
    low = "" if quota.least is None else f"≥ {_count(quota.least)}"
    high = "" if quota.most is None else f"≤ {_count(quota.most)}"
    return ", ".join(filter(None, (low, high)))


def put(page: str, name: str, content: str) -> str:
    """A page with the content of one generated block replaced. ValueError where the page has no such block."""
    found = [m for m in BLOCK.finditer(page) if m["name"] == name]
    if len(found) != 1:
        raise ValueError(f"expected one block <!-- generated: {name} --> … <!-- end -->, found {len(found)}")
    return page[: found[0].end(1)] + content + page[found[0].start(3) :]
