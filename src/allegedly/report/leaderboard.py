"""The leaderboard: one table a task, in the terminal and as Markdown, with what its figures mean under it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from rich.table import Table

from allegedly.benchmark import ALPHA
from allegedly.cross import ItemScores
from allegedly.results import ANNOTATOR, Result, Score, comparable
from allegedly.tasks import get_task

#: The measures shown beside the main one.
ALSO = {
    "detection": ("F1(attributed)", "F1(narrator)"),
    "extraction": ("AttributionF1(exact)", "AttributionF1(triple50)", "StructureF1"),
    "linking": ("LinkAccuracy(mention)", "LinkAccuracy(within=sentence)", "LinkAccuracy(beyond=sentence)"),
    "disputes": ("F1(same)", "F1(opposed)", "F1(unrelated)"),
    "stance": ("F1(deny)", "F1(assert)", "F1(none)"),
}

EXTERNAL = "external"
SIZE = re.compile(r"\|n:[^|]*")


def _cell(score: Score | None, *, interval: bool) -> str:
    if score is None:
        return "–"
    if not interval or score.low is None or score.high is None:
        return f"{score.value:.3f}"
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def _columns(task: str, results: Sequence[Result]) -> list[str]:
    present = {m for r in results for m in r.scores}
    return [m for m in (get_task(task).main, *ALSO.get(task, ())) if m in present]


def _rows(task: str, results: Sequence[Result], beside: Mapping[str, Score]) -> list[list[str]]:
    columns = _columns(task, results)
    return [
        [
            str(r.rank or "–"),
            r.system,
            *(_cell(r.scores.get(m), interval=n == 0) for n, m in enumerate(columns)),
            *([_cell(beside.get(r.system), interval=True)] if beside else []),
            f"{r.seconds:.1f}",
        ]
        for r in results
    ]


def by_task(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Results grouped by task and corpus (MixedResultsError where corpora or scorers are mixed), by the signature of the ranked rows: their size may differ from the annotators'. The groups of
    split external come last, and only where nothing else is there of their task.
    """
    comparable(results)
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(SIZE.sub("", result.signature), []).append(result)
    shown = {r.task for r in results if r.split != EXTERNAL}
    found = {next((r.signature for r in g if r.rank), g[-1].signature): g for g in groups.values()}
    return {
        s: sorted(g, key=lambda r: r.rank) for s, g in found.items() if g[0].split != EXTERNAL or g[0].task not in shown
    }


def external(results: Sequence[Result], task: str) -> dict[str, Score]:
    """By system, the main measure on the external articles, where they were attached and scored."""
    return {r.system: r.scores[r.main] for r in results if r.split == EXTERNAL and r.task == task}


def tables(results: Sequence[Result]) -> list[Table]:
    """Rich tables, one a task; the external articles' main measure stands beside, where there is one."""
    made = []
    for signature, group in by_task(results).items():
        task = group[0].task
        beside = external(results, task) if group[0].split != EXTERNAL else {}
        table = Table(title=f"{task}: {get_task(task).description}", title_justify="left", caption_justify="left")
        table.caption = signature
        for name in ("rank", "system", *_columns(task, group), *(["external"] if beside else []), "seconds"):
            table.add_column(name, justify="left" if name == "system" else "right", no_wrap=name == "system")
        for row in _rows(task, group, beside):
            table.add_row(*row)
        made.append(table)
    return made


def across(found: Mapping[str, Mapping[str, Mapping[str, Result]]]) -> list[Table]:
    """One table a task: each system's main measure on each corpus, with its interval; a dash where the corpus lacks what the task needs."""
    made = []
    for task, systems in found.items():
        corpora = list(dict.fromkeys(c for rows in systems.values() for c in rows))
        table = Table(title=f"{task} across corpora: {get_task(task).main}", title_justify="left")
        table.add_column("system", no_wrap=True)
        for corpus in corpora:
            table.add_column(corpus, justify="right")
        for system, rows in systems.items():
            cells = [rows[c].scores.get(rows[c].main) if c in rows else None for c in corpora]
            table.add_row(system, *(_cell(score, interval=True) for score in cells))
        made.append(table)
    return made


def item_table(found: Sequence[ItemScores]) -> Table:
    """An item set's scores: accuracy and F1 of each label, with intervals over groups."""
    first = found[0]
    title = f"{first.name}: {first.items} items in {first.groups} groups, ten folds that cut no group"
    table = Table(title=title + (f"; {first.skipped} left out" if first.skipped else ""), title_justify="left")
    for name in ("system", "accuracy", *(f"F1({label})" for label in first.f1), "macro-F1"):
        table.add_column(name, justify="left" if name == "system" else "right")
    for scores in found:
        cells = [scores.accuracy, *scores.f1.values()]
        table.add_row(
            scores.system, *(f"{c.value:.3f} [{c.low:.3f}, {c.high:.3f}]" for c in cells), f"{scores.macro:.3f}"
        )
    return table


def spread(results: Sequence[Result]) -> Table:
    """Mean and standard deviation of the main measure over seeds."""
    values: dict[tuple[str, str, str], list[float]] = {}
    for r in results:
        if r.rank:
            values.setdefault((r.task, r.system, r.main), []).append(r.scores[r.main].value)
    table = Table(title="Over seeds", title_justify="left")
    for name in ("task", "system", "measure", "seeds", "mean", "sd", "lowest", "highest"):
        table.add_column(name, justify="left" if name in ("task", "system", "measure") else "right")
    for key, found in values.items():
        sd = f"{stdev(found):.4f}" if len(found) > 1 else "–"
        table.add_row(*key, str(len(found)), f"{mean(found):.4f}", sd, f"{min(found):.4f}", f"{max(found):.4f}")
    return table


def curve(results: Sequence[Result]) -> Table:
    """The main measure by share of the training stories; over seeds the mean."""
    parts = sorted({r.fraction for r in results})
    table = Table(title="By share of the training stories", title_justify="left")
    table.add_column("task")
    table.add_column("system")
    for part in parts:
        table.add_column(f"{part:.0%}", justify="right")
    values: dict[tuple[str, str], dict[float, list[float]]] = {}
    for r in results:
        if r.rank:
            values.setdefault((r.task, r.system), {}).setdefault(r.fraction, []).append(r.scores[r.main].value)
    for key, found in values.items():
        table.add_row(*key, *(f"{mean(found[p]):.4f}" if p in found else "–" for p in parts))
    return table


def notes(results: Sequence[Result]) -> list[str]:
    """What the figures mean, and what they cannot say."""
    said = [
        "[lo, hi]: 95 % bootstrap interval over stories. Systems share a rank unless a paired approximate-randomization "
        f"test over stories (null hypothesis: the two are exchangeable) tells them from the rank's best at p < {ALPHA}, after "
        "Holm's correction over all pairs of the table.",
    ]
    if any(r.system == ANNOTATOR for r in results):
        said.append(
            f"{ANNOTATOR}: one independent layer scored against the other, the ceiling. Its gold is that other layer, so it has no rank."
        )
    if any("|split:train(" in r.signature for r in results):
        said.append(
            "There is no annotated test split yet: every story is scored by systems trained on other stories alone "
            "(cross-validation by story, as the signature says)."
        )
    if any(r.split == EXTERNAL for r in results):
        said.append(
            "external: the main measure on real news articles whose texts are not ours to ship (`allegedly attach`), by the same systems; "
            "few articles, so wide intervals."
        )
    stories = min((r.stories for r in results if r.split != EXTERNAL), default=0)
    systems = max((sum(bool(r.rank) for r in group) for group in by_task(results).values()), default=0)
    least, pairs = 2.0 ** (1 - stories), systems * (systems - 1) // 2
    if stories and least * max(pairs, 1) > ALPHA:
        said.append(
            f"With {stories} stories the smallest p that the test can reach is about {least:.3f}, times {pairs} pairs after Holm in the largest "
            "table: few systems or none can be told apart, whatever their scores."
        )
    return said


def markdown(results: Sequence[Result], *, alone: bool = False) -> str:
    """LEADERBOARD.md; `alone` is its tables without headings and notes."""
    lines = ["# Leaderboard", "", "Generated by `make benchmark` from `results.jsonl`; not edited by hand.", ""]
    lines = [] if alone else lines
    for signature, group in by_task(results).items():
        task = group[0].task
        beside = external(results, task) if group[0].split != EXTERNAL else {}
        columns = ["rank", "system", *_columns(task, group), *(["external"] if beside else [])]
        lines += [] if alone else [f"## {task}", "", get_task(task).description, ""]
        lines += ["| " + " | ".join(columns) + " |", "|" + "|".join("---" for _ in columns) + "|"]
        lines += ["| " + " | ".join(row[:-1]) + " |" for row in _rows(task, group, beside)]
        lines += ["", f"`{signature}`", ""]
    return "\n".join(lines if alone else [*lines, *(f"{note}\n" for note in notes(results))])
