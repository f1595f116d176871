"""What the commands share: the application, its common options, and how they open, read and speak."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

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


def open_from(path: Path | None) -> Corpus:
    """The corpus that `--corpus` names."""
    from allegedly.store import open_corpus

    return open_corpus(path)


def article_from(target: str, corpus: Path | None) -> Article:
    """An article by id, or a file as an article."""
    from allegedly.annotate import article_of
    from allegedly.store import read_text

    if Path(target).is_file():
        return article_of(Path(target).stem, read_text(Path(target)))
    return open_from(corpus).article(target)


def say(message: str) -> None:
    """A message for the person, beside what the command prints for the next program."""
    print(message, file=sys.stderr)
