"""The command that annotates: a few texts to look at, or millions of articles into a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from allegedly.cli.options import CorpusOption, app, open_from, say

if TYPE_CHECKING:
    from allegedly.scale.run import Engine, Plan, Progress

MANY = "Many articles (--out)"
EVERY = 30.0  # seconds between two lines of progress where nobody watches a bar


@app.command()
def annotate(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Plain-text articles, folders of them, - for stdin. With --out also Parquet, JSON Lines (.gz, .zst), WARC; patterns and s3://, gs://, hdfs://.",
        ),
    ],
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One record an article: id and attributions.")] = False,
    html: Annotated[Optional[Path], typer.Option(help="Write one self-contained page here.")] = None,  # noqa: UP045
    system: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="The system that annotates; default: rules, which does best on real news so far."),
    ] = None,
    corpus: CorpusOption = None,
    out: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="DIR", help="Write Parquet files into this folder or s3://… prefix. Run again to go on.", rich_help_panel=MANY),
    ] = None,
    workers: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--workers", "-n", min=1, help="Processes on this machine; default: one a core.", rich_help_panel=MANY),
    ] = None,
    cluster: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="auto|HOST:PORT|local", help="Run on a Ray cluster.", rich_help_panel=MANY),
    ] = None,
    text: Annotated[str, typer.Option(metavar="COLUMN", help="Where the text stands.", rich_help_panel=MANY)] = "text",
    id_: Annotated[
        str, typer.Option("--id", metavar="COLUMN", help="Where the id stands; default: id, else file and row.", rich_help_panel=MANY)
    ] = "",
    keep: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="COLUMN", help="Columns to pass through; of WARC: url, date.", rich_help_panel=MANY),
    ] = None,
    limit: Annotated[Optional[int], typer.Option(min=1, help="The first articles only.", rich_help_panel=MANY)] = None,  # noqa: UP045
    rows: Annotated[int, typer.Option(min=1, help="Articles of one output file, at most.", rich_help_panel=MANY)] = 2000,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what there is to do and how long it would take; write nothing.", rich_help_panel=MANY)
    ] = False,
    retry_crashed: Annotated[
        bool, typer.Option("--retry-crashed", help="Try the articles again that killed their worker.", rich_help_panel=MANY)
    ] = False,
) -> None:  # fmt: skip
    """Show who asserts and who denies what in any article; or, with --out, annotate millions of them.

    [bold]A few:[/bold] allegedly annotate article.txt --html page.html

    [bold]Many:[/bold] allegedly annotate 'news/*.parquet' --out annotated --workers 8 --keep url

    [bold]On a cluster:[/bold] allegedly annotate s3://bucket/news/ --out s3://bucket/annotated --cluster auto
    """
    if out:
        if jsonl or html:
            raise typer.BadParameter("--out writes Parquet and a summary page: expected no --jsonl and no --html")
        _many(
            inputs,
            out,
            system,
            corpus,
            workers,
            cluster,
            (text, id_, tuple(keep or ())),
            limit,
            rows,
            dry_run,
            retry_crashed,
        )
        return
    if workers or cluster or limit or dry_run or retry_crashed or keep or id_:
        raise typer.BadParameter("expected --out DIR: these options are for many articles")
    from allegedly.annotate import annotate_files, record
    from allegedly.models import DEFAULT, trained
    from allegedly.store import dump_line, write_atomic

    model = trained(system or DEFAULT, open_from(corpus))
    if not jsonl:
        say(model.about)
    articles, problems = annotate_files(inputs, model.system)
    if html:
        from allegedly.report.page import page

        write_atomic(html, page(articles, model.about).encode())
        say(f"wrote {html}")
    elif jsonl or (not sys.stdout.isatty() and len(articles) > 1):
        for article in articles:
            print(dump_line(record(article)))
    else:
        from rich.console import Console

        from allegedly.report.terminal import show

        for article in articles:
            show(article, article.attributions, Console())
    for problem in problems:
        say(f"error: {problem}")
    if problems:
        raise typer.Exit(1)


def _many(
    inputs: list[str], out: str, system: str | None, corpus: Path | None, workers: int | None, cluster: str | None,
    columns: tuple[str, str, tuple[str, ...]], limit: int | None, rows: int, dry_run: bool, retry_crashed: bool,
) -> None:  # fmt: skip
    from allegedly.models import DEFAULT, measured
    from allegedly.scale.readers import Columns
    from allegedly.scale.run import forget_crashed, plan, run, total
    from allegedly.scale.summary import page

    opened = open_from(corpus)
    name = system or DEFAULT
    made = plan(inputs, out, name, opened, Columns(*columns), limit=limit, rows=rows)
    say(f"{name}: {measured(name, opened)}")
    at_once = workers or _cores()
    if dry_run:
        _estimate(made, at_once)
        return
    if retry_crashed:
        say(f"{forget_crashed(made)} parts are made again")
    say(f"{len(made.inputs)} inputs, {len(made.shards)} parts, {len(made.done)} of them done")

    def engine() -> Engine:
        if cluster:
            from allegedly.scale.cluster import Cluster

            return Cluster(cluster, at_once)
        from allegedly.scale.local import Local

        return Local(min(at_once, max(1, len(made.todo))))

    try:
        with _progress() as said:
            end = run(made, engine, said)
    except KeyboardInterrupt:
        say("stopped; what is finished stays, and the same command goes on with the rest")
        raise typer.Exit(130) from None
    stats = total(made)
    with made.out.committed("summary.html") as draft:
        draft.write_text(page(stats, name, out), "utf-8")
    rate = f", {end.rows / end.seconds:.0f} a second" if end.rows else ""
    errors = f", {sum(stats.errors.values()):,} with an error" if stats.errors else ""
    print(
        f"{out}: {stats.rows:,} articles in {end.shards_done} parts{rate}, {stats.attributions:,} attributions{errors}; summary.html"
    )
    for failed in end.failed:
        say(f"error: {failed.shard.part} of {failed.shard.input.url}: {type(failed.error).__name__}: {failed.error}")
    if end.failed:
        say(f"{len(end.failed)} parts are missing; once that is mended, the same command makes them")
        raise typer.Exit(1)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _estimate(made: Plan, workers: int) -> None:
    from allegedly.scale.run import sample

    stats, seconds = sample(made)
    known = [s.rows for s in made.todo if s.rows is not None]
    articles = sum(known)
    left = sum(s.weight for s in made.todo if s.rows is None)
    if left and stats.rows:
        articles += round(left / (stats.characters / stats.rows))
    counted = "" if len(known) == len(made.todo) else "about "
    print(
        f"{len(made.inputs)} inputs, {len(made.shards)} parts, {len(made.done)} done; {counted}{articles:,} articles to annotate"
    )
    if stats.rows:
        rate = stats.rows / seconds
        hours = articles / rate / workers / 3600
        print(
            f"{stats.rows} articles took {seconds:.1f} s: {rate:.0f} a second; with {workers} workers about {_span(hours * 3600)}"
        )


def _span(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )


@contextmanager
def _progress() -> Iterator[Callable[[Progress, Any], None]]:
    """A bar where somebody watches, a line every half minute where nobody does."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Bar(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("starting", total=None)

            def show(progress: Progress, runner: Any) -> None:
                live = runner.rows() if runner else 0
                bar.update(
                    task, total=progress.weight, completed=_weight(progress, live), description=_line(progress, live)
                )

            yield show
        return
    import time

    last = time.monotonic()
    every = float(os.environ.get("ALLEGEDLY_PROGRESS_EVERY", EVERY))

    def write(progress: Progress, runner: Any) -> None:
        nonlocal last
        if time.monotonic() - last < every:
            return
        last = time.monotonic()
        live = runner.rows() if runner else 0
        share = _weight(progress, live) / max(1, progress.weight)
        gained = share - progress.begun / max(1, progress.weight)
        left = progress.seconds * (1 - share) / gained if gained > 0 else 0
        say(f"{share:.0%}, {_line(progress, live)}{f', {_span(left)} left' if left else ''}")

    yield write


def _weight(progress: Progress, live: int) -> float:
    """The bytes that are done, those of the articles in work as many as an article has had so far."""
    each = (progress.weight_done - progress.begun) / progress.rows if progress.rows else progress.each
    return min(progress.weight, progress.weight_done + live * each)


def _line(progress: Progress, live: int) -> str:
    rows = progress.rows + live
    errors = f", {progress.errors} errors" if progress.errors else ""
    missing = f", {len(progress.failed)} parts failed" if progress.failed else ""
    return f"{progress.shards_done}/{progress.shards} parts, {rows:,} articles, {rows / progress.seconds:.0f}/s{errors}{missing}"
