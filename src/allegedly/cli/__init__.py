"""The command line. Thin: parses, calls, prints. Everything heavy is imported inside the commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from allegedly.cli import annotation, benchmarking, corpus, dataset, scoring, studio, view  # noqa: F401  (in the order of --help)
from allegedly.cli.options import app, say


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


def main() -> None:
    """Run the command line; an error of ours is one message and exit status 2, never a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        from allegedly.schema import AllegedlyError

        if not isinstance(error, AllegedlyError | OSError):
            raise
        say(f"error: {error}")
        sys.exit(2)
