"""The command line. Thin: parses, calls, prints. Everything heavy is imported inside the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from allegedly.schema import Article
    from allegedly.store import Corpus

app = typer.Typer(
    help="Who says what, and do they assert it or deny it?\n\nStart with: [bold]allegedly annotate article.txt[/bold], or "
    "[bold]make benchmark[/bold] in a clone.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=True,
)

CorpusOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--corpus", "-c", help="Corpus folder; default: the one around the working folder, else the embedded one."
    ),
]
SplitOption = Annotated[Optional[str], typer.Option(help="train, validation, test or external.")]  # noqa: UP045


def _corpus(path: Path | None) -> Corpus:
    from allegedly.store import open_corpus

    return open_corpus(path)


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def _version(wanted: bool) -> None:
    if wanted:
        from allegedly import __version__

        print(f"allegedly {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def annotate(
    inputs: Annotated[
        list[str], typer.Argument(metavar="FILE|-|DIR...", help="Plain-text articles; - reads one from stdin.")
    ],
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One record an article: id and attributions.")] = False,
    html: Annotated[Optional[Path], typer.Option(help="Write one self-contained page here.")] = None,  # noqa: UP045
    system: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="The system that annotates; default: the one that the leaderboard puts first."),
    ] = None,
    corpus: CorpusOption = None,
) -> None:
    """Show who asserts and who denies what in any article.

    Example: allegedly annotate article.txt --html page.html
    """
    from allegedly.annotate import annotate_files, record
    from allegedly.models import best, trained
    from allegedly.store import dump_line, write_atomic

    opened = _corpus(corpus)
    model = trained(system or best(opened), opened)
    if not jsonl:
        _say(model.about)
    articles, problems = annotate_files(inputs, model.system)
    if html:
        from allegedly.report.page import page

        write_atomic(html, page(articles, model.about).encode())
        _say(f"wrote {html}")
    elif jsonl or (not sys.stdout.isatty() and len(articles) > 1):
        for article in articles:
            print(dump_line(record(article)))
    else:
        from rich.console import Console

        from allegedly.report.terminal import show

        for article in articles:
            show(article, article.attributions, Console())
    for problem in problems:
        _say(f"error: {problem}")
    if problems:
        raise typer.Exit(1)


@app.command()
def sentences(
    target: Annotated[str, typer.Argument(metavar="ARTICLE|FILE", help="An article's id, or a text file.")],
    corpus: CorpusOption = None,
) -> None:
    """Print a text with numbered sentences, as annotators read it."""
    from allegedly.text.anchor import numbered

    for line in numbered(_article(target, corpus)):
        print(line)


def _article(target: str, corpus: Path | None) -> Article:
    """An article by id, or a file as an article."""
    from allegedly.annotate import article_of
    from allegedly.store import read_text

    if Path(target).is_file():
        return article_of(Path(target).stem, read_text(Path(target)))
    return _corpus(corpus).article(target)


@app.command()
def anchor(
    draft: Annotated[Path, typer.Argument(help="Quote draft, JSON Lines. See annotations/guidelines.md, section 2.")],
    article: Annotated[Optional[str], typer.Option(help="Article id or text file; default: the draft's name.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option(help="Write the layer here; default: stdout.")] = None,  # noqa: UP045
    bare: Annotated[
        bool, typer.Option("--bare", help="Spans alone, without surface, for texts that are not ours.")
    ] = False,
    corpus: CorpusOption = None,
) -> None:
    """Turn a quote draft into a layer with offsets. An ambiguous or missing quote is refused, with the candidates."""
    from allegedly.store import bare as without_surface
    from allegedly.store import dump_records, read_text, write_atomic
    from allegedly.text.anchor import anchor as resolve

    result = resolve(_article(article or draft.stem, corpus), read_text(draft), str(draft))
    for line, message in result.problems:
        _say(f"{draft}:{line}: {message}" if line else f"{draft}: {message}")
    if result.problems:
        _say(
            f"error: {len(result.problems)} of {len(result.problems) + len(result.attributions)} lines; nothing written"
        )
        raise typer.Exit(1)
    data = dump_records([without_surface(a) if bare else a for a in result.attributions])
    if out:
        write_atomic(out, data)
        _say(f"wrote {out}: {len(result.attributions)} attributions")
    else:
        sys.stdout.write(data.decode())


@app.command()
def attach(
    article: Annotated[str, typer.Argument(help="Id of an article in corpus/external.jsonl.")],
    file: Annotated[Path, typer.Argument(help="Its text, which you got yourself.")],
    corpus: CorpusOption = None,
) -> None:
    """Attach a text that is not ours to ship. Its checksum is checked; it stays in the ignored folder corpus/local."""
    from allegedly.attach import attach as put

    print(put(_corpus(corpus), article, file))


@app.command()
def validate(
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a finding.")] = False,
    explain: Annotated[Optional[str], typer.Option(metavar="CODE", help="Explain a code, or `all`.")] = None,  # noqa: UP045
    fix: Annotated[bool, typer.Option("--fix", help="Rewrite files that are merely not canonical.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    corpus: CorpusOption = None,
) -> None:
    """Check a corpus folder. Exit status 1 where there is an error."""
    import allegedly.validate as checks

    if explain:
        for code in checks.RULES if explain.lower() == "all" else [explain]:
            found = checks.rule(code)
            print(f"{code.upper()} {found.name} ({found.level}): {found.explanation}")
        return
    root = _corpus(corpus).root if corpus is None else corpus
    for path in checks.fix(root) if fix else []:
        _say(f"rewrote {path}")
    findings = checks.validate(root)
    from allegedly.store import dump_line

    for finding in findings:
        rule = checks.RULES[finding.code]
        if json_:
            print(dump_line({**finding._asdict(), "name": rule.name, "level": rule.level}))
        else:
            print(str(finding).replace(finding.code, f"{finding.code} {rule.name}", 1))
    errors = sum(checks.RULES[f.code].level == "error" for f in findings)
    if not json_:
        _say(f"{root}: {errors} errors, {len(findings) - errors} warnings")
    if errors or (strict and findings):
        raise typer.Exit(1)


@app.command()
def template(
    task: Annotated[str, typer.Argument(help="detection, extraction or stance.")],
    split: SplitOption = None,
    corpus: CorpusOption = None,
) -> None:
    """Print the empty prediction file of a task, to fill in and score."""
    from allegedly.store import dump_line
    from allegedly.systems.predictions import template as lines
    from allegedly.tasks import get_task

    for line in lines(get_task(task), _scored(corpus, split)[1]):
        print(dump_line(line))


def _scored(path: Path | None, split: str | None) -> tuple[str, list[Any], Corpus]:
    from allegedly.benchmark import protocol

    corpus = _corpus(path)
    chosen = protocol(corpus, split)
    return chosen.name.split("(")[0], chosen.articles, corpus


@app.command()
def score(
    task: Annotated[str, typer.Argument(help="detection, extraction or stance.")],
    file: Annotated[str, typer.Argument(help="Prediction file, JSON Lines; - for stdin, .gz is read too.")],
    measure: Annotated[Optional[list[str]], typer.Option("--measure", "-m", help="Only these measures.")] = None,  # noqa: UP045
    brief: Annotated[bool, typer.Option("--brief", "-b", help="The main figure alone.")] = False,
    split: SplitOption = None,
    corpus: CorpusOption = None,
) -> None:
    """Score a prediction file: every measure with its 95 % interval over stories, and the signature.

    Example: allegedly score stance stance.predictions.jsonl -m StanceF1
    """
    from allegedly.benchmark import DRAWS, evaluate, signature, usable_measures
    from allegedly.systems.predictions import read_predictions
    from allegedly.tasks import get_task

    wanted = get_task(task)
    name, articles, opened = _scored(corpus, split)
    submission = read_predictions(file, wanted, articles)
    evaluation = evaluate(wanted, articles, submission.predictions, measure or usable_measures(opened, wanted))
    if submission.missing:
        shown = ", ".join(submission.missing[:5]) + (" …" if len(submission.missing) > 5 else "")
        _say(f"warning: {len(submission.missing)} items without a prediction are scored as empty: {shown}")
    for number, measure_name in enumerate(evaluation.counts):
        found = evaluation.score(measure_name)
        if brief:
            print(f"{found.value:.4f}")
            return
        print(f"{measure_name:24} {found.value:.4f}  [{found.low:.4f}, {found.high:.4f}]")
        if number == 0:
            _say(str(signature(opened, evaluation, name, measure_name, DRAWS, 0)))


@app.command()
def measures() -> None:
    """List the measures, each with what it counts."""
    from allegedly.scoring.measures import MEASURES, example

    for name in MEASURES:
        text, explanation = example(name)
        print(f"{text:26} {explanation}")


@app.command()
def benchmark(
    systems: Annotated[
        list[str] | None, typer.Option("--system", "-s", help="Only these (name or module:Class).")
    ] = None,
    tasks: Annotated[Optional[list[str]], typer.Option("--task", "-t", help="Only these tasks.")] = None,  # noqa: UP045
    corpus: Annotated[
        str | None, typer.Option("--corpus", "-c", metavar="[NAME=]PATH", help="Another corpus folder.")
    ] = None,
    split: SplitOption = None,
    seed: Annotated[int, typer.Option(help="Seed of training and statistics.")] = 0,
    out: Annotated[Optional[Path], typer.Option(help="Folder for results.jsonl and LEADERBOARD.md.")] = None,  # noqa: UP045
) -> None:
    """Run every baseline on every task; a leaderboard with intervals, tie groups and signatures.

    The full run on the corpus itself writes benchmarks/results.jsonl and LEADERBOARD.md; any other only prints, unless
    --out names a folder.
    """
    from rich.console import Console

    from allegedly.benchmark import BASELINES, keep, run, usable_tasks
    from allegedly.report.leaderboard import markdown, notes, tables

    opened = _corpus(Path(corpus.split("=", 1)[-1]) if corpus else None)
    errors = Console(stderr=True)
    for sentence in usable_tasks(opened, tasks)[1]:
        _say(f"left out: {sentence}")
    with errors.status("…") as status:
        results = run(
            opened, systems or BASELINES, tasks, split=split, seed=seed, progress=lambda step: status.update(step)
        )
    console = Console(width=None if sys.stdout.isatty() else 120)
    for table in tables(results):
        console.print(table)
    for note in notes(results):
        console.print(note, style="dim", markup=False)
    whole = not (systems or tasks or split or corpus)
    folder = out or (opened.path("benchmarks") if whole else None)
    if folder:
        print(keep(results, folder, markdown(results)))


@app.command(name="import")
def import_(
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help="polnear")],
    path: Annotated[Path, typer.Argument(help="The corpus as you got it.")],
    out: Annotated[Path, typer.Argument(help="New corpus folder.")],
) -> None:
    """Make a corpus folder of another corpus. Every line is imported or reported in OUT/import-report.jsonl."""
    from allegedly.formats import reader, write_corpus

    imported = reader(format_)(path)
    write_corpus(imported, out)
    for name, count in imported.counts.items():
        print(f"{count:>9,}  {name}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of every record."""
    import json

    from allegedly.schema import json_schema

    print(json.dumps(json_schema(), indent=2))


def main() -> None:
    """Run the command line; an error of ours is one message and exit status 2, never a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        from allegedly.schema import AllegedlyError

        if not isinstance(error, AllegedlyError | OSError):
            raise
        _say(f"error: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
