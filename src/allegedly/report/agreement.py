"""The table of agreement between two layers: one column a group, one row a figure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from allegedly.agreement import Agreement


def table(found: Sequence[Agreement]) -> Table:
    """The figures of each group, with how much they are measured on."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("")
    for group in found:
        made.add_column(group.group, justify="right")
    made.add_row("articles", *(str(g.articles) for g in found))
    made.add_row("attributions (1 / 2)", *(f"{g.lines[0]} / {g.lines[1]}" for g in found))
    made.add_row("matched by overlap", *(str(g.matched) for g in found), end_section=True)
    for name in found[0].figures if found else ():
        made.add_row(name, *(_shown(g.figures[name]) for g in found))
    return made


def _shown(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.3f}"
