"""Commands that score: template, score, compare, measures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from allegedly.cli.options import CorpusOption, SplitOption, app, open_from, say

if TYPE_CHECKING:
    from allegedly.evaluation import Protocol
    from allegedly.store import Corpus


@app.command()
def template(
    task: Annotated[str, typer.Argument(help="detection, extraction, linking, stance or disputes.")],
    split: SplitOption = None,
    corpus: CorpusOption = None,
) -> None:
    """Print the empty prediction file of a task, to fill in and score."""
    from allegedly.store import dump_line
    from allegedly.systems.predictions import template as lines
    from allegedly.tasks import get_task

    for line in lines(get_task(task), _scored(corpus, split)[0].articles):
        print(dump_line(line))


def _scored(path: Path | None, split: str | None) -> tuple[Protocol, Corpus]:
    """What a prediction file is scored on: it says nothing of training, so folds are no part of the signature."""
    from dataclasses import replace

    from allegedly.evaluation import protocol

    corpus = open_from(path)
    chosen = protocol(corpus, split)
    return replace(chosen, name=chosen.name.split("(")[0]), corpus


@app.command()
def score(
    task: Annotated[str, typer.Argument(help="detection, extraction, linking, stance or disputes.")],
    file: Annotated[str, typer.Argument(help="Prediction file, JSON Lines; - for stdin, .gz is read too.")],
    measure: Annotated[Optional[list[str]], typer.Option("--measure", "-m", help="Only these measures.")] = None,  # noqa: UP045
    brief: Annotated[bool, typer.Option("--brief", "-b", help="The main figure alone.")] = False,
    losses: Annotated[
        bool,
        typer.Option(
            "--losses", help="Extraction: where the points go; each gold attribution is right or lost for one reason."
        ),
    ] = False,
    slices: Annotated[
        bool, typer.Option("--slices", help="By slice too: extraction gives recall, stance and linking accuracy.")
    ] = False,
    split: SplitOption = None,
    corpus: CorpusOption = None,
) -> None:
    """Score a prediction file: every measure with its 95 % interval over stories, and the signature.

    Example: allegedly score stance stance.predictions.jsonl -m StanceF1
    """
    from allegedly.evaluation import evaluate, signature, usable_measures
    from allegedly.systems.predictions import read_predictions
    from allegedly.tasks import get_task

    wanted = get_task(task)
    chosen, opened = _scored(corpus, split)
    articles = chosen.articles
    submission = read_predictions(file, wanted, articles)
    evaluation = evaluate(wanted, articles, submission.predictions, measure or usable_measures(opened, wanted))
    if submission.missing:
        shown = ", ".join(submission.missing[:5]) + (" …" if len(submission.missing) > 5 else "")
        say(f"warning: {len(submission.missing)} items without a prediction are scored as empty: {shown}")
    for number, measure_name in enumerate(evaluation.counts):
        found = evaluation.score(measure_name)
        if brief:
            print(f"{found.value:.4f}")
            return
        print(f"{measure_name:24} {found.value:.4f}  [{found.low:.4f}, {found.high:.4f}]")
        if number == 0:
            say(str(signature(chosen, evaluation, measure_name)))
    if slices:
        from allegedly.scoring.by_slice import FEWEST, by_slice, cues

        known = cues([a for a in opened.annotated("train") if a.id not in {x.id for x in articles}])
        for row in by_slice(wanted, articles, submission.predictions, known):
            share = f"fewer than {FEWEST} items" if row.share is None else f"{row.share:.4f}"
            print(f"{row.name:32} {share}  (n={row.n})")
    if losses and not wanted.labels:
        from allegedly.scoring.decomposition import decomposition

        for reason, count in decomposition([(a, submission.predictions.get(a.id, ())) for a in articles]).items():
            print(f"{reason:24} {count}")


@app.command()
def compare(
    task: Annotated[str, typer.Argument(help="detection, extraction, linking, stance or disputes.")],
    left: Annotated[str, typer.Argument(metavar="A", help="A system's name, module:Class, or a prediction file.")],
    right: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    measure: Annotated[Optional[str], typer.Option("--measure", "-m", help="Default: the task's main measure.")] = None,  # noqa: UP045
    most: Annotated[int, typer.Option(help="How many articles to show.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of training and statistics.")] = 0,
    split: SplitOption = None,
    corpus: CorpusOption = None,
) -> None:
    """Two systems side by side: the difference, its interval, p, and the articles where they differ most.

    Example: allegedly compare extraction linear rules
    """
    from rich.console import Console

    from allegedly.compare import compare as contrast
    from allegedly.compare import predictions_of
    from allegedly.evaluation import protocol
    from allegedly.tasks import get_task

    opened = open_from(corpus)
    wanted, chosen = get_task(task), protocol(opened, split)
    with Console(stderr=True).status("fitting what is not cached …"):
        one, other = (predictions_of(name, wanted, chosen, seed) for name in (left, right))
    found = contrast(wanted, chosen.articles, one, other, measure, seed=seed)
    print(f"{found.measure}: {left} {found.left:.4f}, {right} {found.right:.4f}")
    change = found.difference
    print(f"difference {change.value:+.4f} [{change.low:+.4f}, {change.high:+.4f}], p = {found.p:.4f}")
    say(
        f"[lo, hi]: 95 % bootstrap interval over {found.stories} stories. p: paired approximate randomization over stories; null "
        f"hypothesis: {left} and {right} are exchangeable on every story."
    )
    for name, first, second in found.articles[:most]:
        print(f"  {name:10} {first:.4f} {second:.4f}  {first - second:+.4f}")


@app.command()
def measures() -> None:
    """List the measures, each with what it counts."""
    from allegedly.scoring.measures import MEASURES, example

    for name in MEASURES:
        text, explanation = example(name)
        print(f"{text:26} {explanation}")
