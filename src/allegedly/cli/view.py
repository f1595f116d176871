"""The command that shows the disputes of a story: who."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from allegedly.cli.annotate import annotate
from allegedly.cli.options import CorpusOption, app, open_from, say


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
