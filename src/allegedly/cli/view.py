"""Commands that show who says what: annotate, who."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from allegedly.cli.options import CorpusOption, app, open_from, say


@app.command()
def annotate(
    inputs: Annotated[
        list[str], typer.Argument(metavar="FILE|-|DIR...", help="Plain-text articles; - reads one from stdin.")
    ],
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One record an article: id and attributions.")] = False,
    html: Annotated[Optional[Path], typer.Option(help="Write one self-contained page here.")] = None,  # noqa: UP045
    system: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="The system that annotates; default: rules, which does best on real news so far."),
    ] = None,
    corpus: CorpusOption = None,
) -> None:
    """Show who asserts and who denies what in any article.

    Example: allegedly annotate article.txt --html page.html
    """
    from allegedly.annotate import annotate_files, record
    from allegedly.models import DEFAULT, trained
    from allegedly.store import dump_line, write_atomic

    opened = open_from(corpus)
    model = trained(system or DEFAULT, opened)
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


@app.command()
def who(
    target: Annotated[
        str, typer.Argument(metavar="STORY|ARTICLE|FILE", help="A story, an annotated article, or a text.")
    ],
    html: Annotated[Optional[Path], typer.Option(help="Write one self-contained page here.")] = None,  # noqa: UP045
    system: Annotated[Optional[str], typer.Option(help="For a FILE: the system that annotates.")] = None,  # noqa: UP045
    corpus: CorpusOption = None,
) -> None:
    """The dispute matrix: which source holds and which rejects what, each mark with its words.

    A text that is not in the corpus has no list of propositions: it is annotated, and shown as a table of who says what.
    """
    from allegedly.matrix import matrix
    from allegedly.store import UnknownIdError, write_atomic

    if Path(target).is_file():
        annotate([target], html=html, system=system, corpus=corpus)
        return
    opened = open_from(corpus)
    if target not in opened.stories and target not in opened.records:
        raise UnknownIdError("story or article", target, [*opened.stories, *opened.records])
    articles = [a for a in opened.annotated() if target in (a.id, a.story)]
    story = opened.stories[articles[0].story if articles else target]
    found = matrix(story, articles)
    if html:
        from allegedly.report.page import page

        about = f"{opened.info.name} {opened.label}: {', '.join(a.id for a in articles)}"
        write_atomic(html, page(articles, about, found).encode())
        say(f"wrote {html}")
        return
    from rich.console import Console

    from allegedly.report.terminal import disputes

    if not found.rows:
        say(f"{target}: no positions are annotated yet")
    Console(width=None if sys.stdout.isatty() else 140).print(disputes(found))
