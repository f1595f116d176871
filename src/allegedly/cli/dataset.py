"""Commands of the dataset: build, release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from allegedly.cli.options import CorpusOption, app, open_from, say


@app.command()
def build(
    out: Annotated[Optional[Path], typer.Argument(help="Folder; default: build/dataset of the corpus.")] = None,  # noqa: UP045
    corpus: CorpusOption = None,
) -> None:
    """Build the Hugging Face dataset: parquet by config and split, card, manifest, Croissant.

    `datasets.load_dataset("build/dataset", "stance")` reads it on every version from 2.14, without scripts or network.
    """
    from rich.console import Console

    from allegedly.dataset.build import build as make
    from allegedly.dataset.card import lint

    opened = open_from(corpus)
    folder = out or opened.root / "build" / "dataset"
    with Console(stderr=True).status("…") as status:
        manifest = make(opened, folder, said=lambda step: status.update(step))
    for name, splits in manifest["configs"].items():
        print(f"{name:15} " + ", ".join(f"{about['rows']} {split}" for split, about in splits.items()))
    print(f"wrote {folder} ({manifest['corpus']})")
    if problems := lint(folder, manifest):
        for problem in problems:
            say(f"card: {problem}")
        raise typer.Exit(1)


@app.command()
def release(
    version: Annotated[str, typer.Argument(help="MAJOR.MINOR.PATCH, as in corpus/corpus.json.")],
    repo: Annotated[str, typer.Option(metavar="OWNER/NAME", help="The dataset repository on the hub.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Gates and build, no upload.")] = False,
    corpus: CorpusOption = None,
) -> None:
    """Release a version of the dataset to the Hugging Face hub: gates, build, one upload, then the tag.

    Refuses uncommitted changes, findings, articles without gold or without two layers, a missing changelog entry, and a version that is
    released already. HF_TOKEN and HF_ENDPOINT are the hub's own. A run that failed half-way is taken up by the same command.
    """
    from allegedly.dataset.release import release as publish

    done = publish(open_from(corpus), version, repo, dry_run=dry_run, said=say)
    if done.commit is None:
        print(f"{version}: ready, {done.rows} rows; nothing was uploaded")
    else:
        print(f"released v{version} to {repo}: {done.rows} rows, commit {done.commit[:12]}")
