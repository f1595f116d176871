"""Commands of the benchmark: benchmark, results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from allegedly.cli.options import CorpusOption, SplitOption, app, open_from, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allegedly.results import Result
    from allegedly.store import Corpus


@app.command()
def benchmark(
    systems: Annotated[
        list[str] | None, typer.Option("--system", "-s", help="Only these (name or module:Class).")
    ] = None,
    tasks: Annotated[Optional[list[str]], typer.Option("--task", "-t", help="Only these tasks.")] = None,  # noqa: UP045
    corpora: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--corpus",
            "-c",
            "--test",
            metavar="[NAME=]PATH",
            help="Another corpus folder, or an item set (emergent=, fnc-1=, checkthat=); several make a table across them.",
        ),
    ] = None,
    train: Annotated[
        str | None, typer.Option(metavar="[NAME=]PATH", help="Learn from this corpus folder instead.")
    ] = None,
    fraction: Annotated[
        Optional[list[float]],  # noqa: UP045
        typer.Option(
            "--train-fraction", min=0.01, max=1.0, help="Share of the training stories; several make a learning curve."
        ),
    ] = None,
    split: SplitOption = None,
    seed: Annotated[int, typer.Option(help="Seed of training and statistics.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="Run this many seeds; prints mean and spread.")] = 1,
    submit: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="NAME=FILE", help="A prediction file to stand beside the systems; needs one --task. It is kept."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Systems at a time; default: one a core.")] = -1,
    out: Annotated[Optional[Path], typer.Option(help="Folder for results.jsonl and LEADERBOARD.md.")] = None,  # noqa: UP045
) -> None:
    """Run every baseline on every task; a leaderboard with intervals, tie groups and signatures.

    A run on the corpus itself appends what is new to benchmarks/results.jsonl and writes LEADERBOARD.md; one on another corpus only
    prints, unless --out names a folder. Finished systems are cached: an interrupted run goes on where it was.
    """
    from rich.console import Console

    from allegedly import results as kept
    from allegedly.benchmark import baselines, run
    from allegedly.cross import is_items
    from allegedly.evaluation import usable_tasks
    from allegedly.report.leaderboard import curve, notes, spread, tables
    from allegedly.store import open_corpus
    from allegedly.systems import answers

    if corpora and (len(corpora) > 1 or is_items(corpora[0])):
        set_ = {"--train-fraction": fraction, "--seeds": seeds > 1, "--submit": submit, "--out": out}
        if unused := [name for name, given in set_.items() if given]:
            raise typer.BadParameter(
                f"{', '.join(unused)}: expected one corpus folder; of several, or of item sets, a table is printed and nothing kept"
            )
        _across(corpora, systems, tasks, train, split, seed, jobs)
        return
    corpus = corpora[0] if corpora else None
    opened = open_from(Path(corpus.split("=", 1)[-1]) if corpus else None)
    other = open_corpus(Path(train.split("=", 1)[-1])) if train else None
    home = out or (None if corpus or train else opened.path("benchmarks"))
    for sentence in usable_tasks(opened, tasks)[1]:
        say(f"left out: {sentence}")
    for name in systems or ():
        able = [t.name for t in usable_tasks(opened, tasks)[0] if answers(name, t.name)]
        if not able:
            say(f"left out: {name} answers none of these tasks")
    for given in submit or ():
        _submit(opened, given, tasks, split, home)
    console = Console(width=None if sys.stdout.isatty() else 120)
    errors = Console(stderr=True)
    found: list[Result] = []
    with errors.status("…") as status:
        for part in sorted({*(fraction or ()), 1.0}):
            for number in range(seed, seed + seeds):
                found += run(
                    opened,
                    systems or baselines(),
                    tasks,
                    split=split,
                    train=other,
                    fraction=part,
                    seed=number,
                    jobs=jobs,
                    progress=lambda step: status.update(step),
                    home=home,
                )
        if not (split or train or fraction or seeds > 1) and opened.annotated("external"):
            found += run(opened, systems or baselines(), tasks, split="external", seed=seed, jobs=jobs)
    for table in [curve(found)] if fraction else [spread(found)] if seeds > 1 else tables(found):
        console.print(table)
    for note in notes(found):
        console.print(note, style="dim", markup=False)
    for result in found:
        for failure in result.failed:
            say(f"warning: {result.system} raised on {result.task} {failure}")
    if home:
        new = [
            r for r in found if r.fraction < 1 or not fraction
        ]  # a curve's last point is the usual run, which has its ranks
        print(_keep(opened, kept.append(new, home), home, whole=not systems))


def _across(
    corpora: list[str], systems: list[str] | None, tasks: list[str] | None, train: str | None, split: str | None, seed: int, jobs: int
) -> None:  # fmt: skip
    """Several corpora and item sets: each system on each; nothing is kept."""
    from rich.console import Console

    from allegedly.benchmark import baselines
    from allegedly.cli.corpus import say_skipped
    from allegedly.cross import grid, is_items, rows, score_items
    from allegedly.evaluation import usable_tasks
    from allegedly.report.leaderboard import across, item_table
    from allegedly.store import open_corpus

    folders = _folders(given for given in corpora if not is_items(given))
    other = open_corpus(Path(train.split("=", 1)[-1])) if train else None
    console = Console(width=None if sys.stdout.isatty() else 140)
    found: dict[str, list[Result]] = {}
    with Console(stderr=True).status("…") as status:
        for given in filter(is_items, corpora):
            status.update(given)
            scores = score_items(given, seed)
            say_skipped(scores[0].reasons)
            console.print(item_table(scores))
        for name, path in folders.items():
            status.update(name)
            opened = open_corpus(path)
            for sentence in usable_tasks(opened, tasks)[1]:
                say(f"{name}: left out: {sentence}")
            found[name], problems = rows(
                opened, systems or baselines(), tasks, split=split, train=other, seed=seed, jobs=jobs
            )
            for problem in problems:
                say(f"{name}: {problem}")
    for table in across(grid(found)):
        console.print(table)
    for measured in found.values():
        for signature in dict.fromkeys(r.signature for r in measured if r.rank):
            console.print(signature, style="dim", markup=False)
    if found and not any(found.values()):
        raise typer.Exit(1)


def _folders(corpora: Iterable[str]) -> dict[str, Path]:
    """The corpus folders by the names of their columns."""
    found: dict[str, Path] = {}
    for given in corpora:
        name, _, path = given.rpartition("=")
        name = name or Path(path).resolve().name
        if name in found:
            raise typer.BadParameter(f"two corpora are called {name!r}: name them, --corpus NAME=PATH")
        found[name] = Path(path)
    return found


def _keep(corpus: Corpus, added: int, home: Path, *, whole: bool) -> str:
    """What was added; the leaderboard and the cards are renewed by runs of all systems alone, as ranks are those of one run."""
    from allegedly import results as kept
    from allegedly.evaluation import protocol
    from allegedly.report.cards import cards
    from allegedly.report.cards import markdown as page
    from allegedly.report.leaderboard import markdown
    from allegedly.store import write_atomic

    rows = kept.current(kept.read(home), corpus.label)
    if rows and whole:
        write_atomic(home / "LEADERBOARD.md", markdown(rows).encode())
        for card in cards(corpus, protocol(corpus)):
            text = page(card, markdown([r for r in rows if r.task == card.task], alone=True))
            write_atomic(home / "cards" / f"{card.task}.md", text.encode())
    return f"{home / kept.FILE}: {added} new rows" if added else f"{home / kept.FILE}: the same scores as before"


def _submit(corpus: Corpus, given: str, tasks: list[str] | None, split: str | None, home: Path | None) -> None:
    from allegedly import results as kept
    from allegedly.evaluation import protocol
    from allegedly.systems.predictions import read_predictions
    from allegedly.tasks import get_task

    name, _, path = given.partition("=")
    if not path or not tasks or len(tasks) != 1 or home is None:
        raise typer.BadParameter("expected --submit NAME=FILE with one --task, for the corpus itself or with --out")
    task, chosen = get_task(tasks[0]), protocol(corpus, split)
    submission = read_predictions(path, task, chosen.articles)
    print(f"kept {kept.keep_predictions(home, task, chosen, name, submission.predictions)}")


@app.command()
def site(
    out: Annotated[Path, typer.Argument(help="Folder; index.html is written into it.")] = Path("site"),
    split: SplitOption = None,
    corpus: CorpusOption = None,
) -> None:
    """Write the benchmark's page: leaderboard with intervals, slices, curves, reliability, and every error in its text.

    One self-contained file made of the kept results; it opens from disk and asks the network for nothing.
    """
    from allegedly.report.site import site as page
    from allegedly.store import write_atomic

    data = page(open_from(corpus), split).encode()
    write_atomic(out / "index.html", data)
    print(f"wrote {out / 'index.html'} ({len(data) / 1e6:.1f} MB)")


@app.command()
def results(
    task: Annotated[Optional[str], typer.Option("--task", "-t", help="Only this task.")] = None,  # noqa: UP045
    system: Annotated[Optional[str], typer.Option("--system", "-s", help="Only this system.")] = None,  # noqa: UP045
    split: SplitOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="The whole history, one line a row, whatever the corpus.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="The rows as JSON Lines.")] = False,
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Score the kept predictions again and compare with what the rows say.")
    ] = False,
    corpus: CorpusOption = None,
) -> None:
    """Show benchmarks/results.jsonl: the newest rows that were measured on this very corpus; nothing is run.

    Rows of another corpus fingerprint or scorer version are never ranked beside them; --all lists them.
    """
    from rich.console import Console

    from allegedly import results as kept
    from allegedly.report.leaderboard import notes, tables
    from allegedly.store import dump_line, plain
    from allegedly.tasks import get_task

    opened = open_from(corpus)
    home = opened.path("benchmarks")
    if task:
        get_task(task)
    rows = kept.of(kept.read(home), task=task, system=system, split=split)
    shown = rows if every else kept.current(rows, opened.label)
    if not every and (others := kept.foreign(rows, opened.label)):
        say(f"left out: {len(others)} rows of another corpus or scorer version than {opened.label} (--all lists them)")
    if not shown:
        say(f"nothing was measured on {opened.label} yet, or not with these filters: make benchmark")
    if rescore:
        _rescore(opened, shown, home)
    elif json_:
        for row in shown:
            print(dump_line(plain(row)))
    elif every:
        for row in shown:
            print(f"{row.when:10}  {row.system:12}  {row.scores[row.main].value:.4f}  {row.signature}")
    else:
        console = Console(width=None if sys.stdout.isatty() else 120)
        for table in tables(shown):
            console.print(table)
        for note in notes(shown):
            console.print(note, style="dim", markup=False)


def _rescore(corpus: Corpus, rows: list[Result], home: Path) -> None:
    from allegedly import results as kept
    from allegedly.evaluation import evaluate, protocol
    from allegedly.tasks import get_task

    wrong = 0
    for row in rows:
        if row.predictions is None:
            continue
        task, chosen = get_task(row.task), protocol(corpus, row.split.split("(")[0])
        predictions = kept.kept_predictions(home, row, task, chosen.articles)
        again = evaluate(task, chosen.articles, predictions, row.scores)
        differing = [m for m, s in row.scores.items() if round(again.score(m, 0).value, 6) != s.value]
        wrong += bool(differing)
        print(f"{row.task:11} {row.system:12} {'differs: ' + ', '.join(differing) if differing else 'as stated'}")
    if wrong:
        raise typer.Exit(1)
