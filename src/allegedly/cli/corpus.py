"""Commands that keep the corpus: register, attach, validate, import, schema."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from allegedly.cli.options import CorpusOption, SplitOption, app, open_from, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allegedly.formats import Skipped

SHOWN = 5  # of what was skipped


@app.command()
def register(
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON Lines, one article each: id, publisher, published, story, form, domain, variety, split; title where "
            "the story is new."
        ),
    ],
    corpus: CorpusOption = None,
) -> None:
    """Take written texts (corpus/texts/<id>.txt) into the corpus, or renew the checksum of edited ones."""
    from allegedly.register import register as take_in
    from allegedly.store import read_objects

    for sentence in take_in(open_from(corpus), [line for _, line in read_objects(file)]):
        print(sentence)


@app.command()
def attach(
    article: Annotated[str, typer.Argument(help="Id of an article in corpus/external.jsonl.")],
    file: Annotated[Path, typer.Argument(help="Its text, which you got yourself.")],
    corpus: CorpusOption = None,
) -> None:
    """Attach a text that is not ours to ship. Its checksum is checked; it stays in the ignored folder corpus/local."""
    from allegedly.attach import attach as put

    print(put(open_from(corpus), article, file))


@app.command()
def validate(
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a finding.")] = False,
    explain: Annotated[Optional[str], typer.Option(metavar="CODE", help="Explain a code, or `all`.")] = None,  # noqa: UP045
    fix: Annotated[bool, typer.Option("--fix", help="Rewrite files that are merely not canonical.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    leaks: Annotated[
        bool, typer.Option("--leaks", help="Records, texts and splits alone, not the annotation.")
    ] = False,
    corpus: CorpusOption = None,
) -> None:
    """Check a corpus folder. Exit status 1 where there is an error."""
    import allegedly.validate as checks

    if explain:
        for code in checks.RULES if explain.lower() == "all" else [explain]:
            found = checks.rule(code)
            print(f"{code.upper()} {found.name} ({found.level}): {found.explanation}")
        return
    root = open_from(corpus).root if corpus is None else corpus
    for path in checks.fix(root) if fix else []:
        say(f"rewrote {path}")
    findings = checks.validate(root, layers=not leaks)
    from allegedly.store import dump_line

    for finding in findings:
        rule = checks.RULES[finding.code]
        if json_:
            print(dump_line({**finding._asdict(), "name": rule.name, "level": rule.level}))
        else:
            print(str(finding).replace(finding.code, f"{finding.code} {rule.name}", 1))
    errors = sum(checks.RULES[f.code].level == "error" for f in findings)
    if not json_:
        say(f"{root}: {errors} errors, {len(findings) - errors} warnings")
    if errors or (strict and findings):
        raise typer.Exit(1)


@app.command()
def stats(
    compare: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="A corpus folder, or a folder of .txt files, to lay beside."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a figure.")] = False,
    datasheet: Annotated[bool, typer.Option("--datasheet", help="Renew the tables in corpus/README.md.")] = False,
    corpus: CorpusOption = None,
) -> None:
    """What the corpus's prose is like, and what its gold holds beside its goals; --compare lays another corpus's prose beside."""
    import json

    from rich.console import Console

    from allegedly.quotas import quotas
    from allegedly.report.statistics import markdown, put, quota_markdown, quota_table, table
    from allegedly.stats import compare as lay_beside
    from allegedly.stats import figures, texts_of
    from allegedly.store import dump_line, read_text, write_atomic

    opened = open_from(corpus)
    texts = texts_of(opened.root)
    with Console(stderr=True).status("…") as status:
        rows = lay_beside(texts, texts_of(compare), status.update) if compare else figures(texts, status.update)
    path = opened.path("corpus", "deviations.json")
    reasons = json.loads(read_text(path)) if path.exists() else {}
    if datasheet:
        page = opened.path("corpus", "README.md")
        name = "comparison" if compare else "statistics"
        renewed = put(read_text(page), name, markdown(rows, reasons))
        write_atomic(page, put(renewed, "quotas", quota_markdown(quotas(opened))).encode())
        say(f"renewed {page}")
    elif json_:
        for row in [*rows, *quotas(opened)]:
            print(dump_line(row._asdict()))
    else:
        console = Console(width=None if sys.stdout.isatty() else 120)
        console.print(table(rows, reasons))
        console.print()
        console.print(quota_table(quotas(opened)))


def say_skipped(skipped: Sequence[Skipped]) -> None:
    """The first lines that became no record, each with its reason."""
    for path, line, reason, detail in skipped[:SHOWN]:
        say(f"left out: {path}:{line}: {reason}" + (f" ({detail})" if detail else ""))
    if len(skipped) > SHOWN:
        say(f"left out: {len(skipped) - SHOWN} more")


@app.command(name="import")
def import_(
    format_: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT",
            help="brat, citron, conll, german-wikinews, gum, label-studio, newsclaims, parc3, polnear or xmi; docs/formats.md tells where to get each.",
        ),
    ],
    path: Annotated[Path, typer.Argument(help="The corpus as you got it: a folder, or a file of it.")],
    out: Annotated[Path, typer.Argument(help="New corpus folder.")],
) -> None:
    """Make a corpus folder of another corpus. Every record of it is imported or reported in OUT/import-report.jsonl."""
    from allegedly.formats import ImportFailedError, reader, write_corpus
    from allegedly.formats.items import SETS

    if format_ in SETS:
        raise ImportFailedError(
            f"{format_} is a set of items, not a corpus: allegedly benchmark --corpus {format_}={path}"
        )
    imported = reader(format_)(path)
    if not imported.articles:
        say_skipped(imported.skipped)
        say(f"error: {path}: no article of {format_} in it; nothing was written")
        raise typer.Exit(1)
    write_corpus(imported, out)
    for name, count in imported.counts.items():
        print(f"{count:>9,}  {name}")


@app.command()
def export(
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help="brat, citron, conll, docbin or xmi.")],
    out: Annotated[Path, typer.Argument(help="New folder.")],
    split: SplitOption = None,
    layer: Annotated[Optional[str], typer.Option(help="A layer's name; default: gold.")] = None,  # noqa: UP045
    corpus: CorpusOption = None,
) -> None:
    """Write annotated articles in another format. What it cannot hold is counted, and listed in OUT/export-report.jsonl."""
    from collections import Counter

    from allegedly.formats import ImportFailedError, writer
    from allegedly.schema import SPLITS
    from allegedly.store import UnknownIdError, write_records

    opened = open_from(corpus)
    write = writer(format_)
    if out.exists() and any(out.iterdir()):
        raise ImportFailedError(f"{out} is not empty: name a new folder")
    layers = opened.path("annotations", "layers")
    if layer and not (layers / layer).is_dir():
        raise UnknownIdError("layer", layer, [p.name for p in layers.glob("*") if p.is_dir()])
    if split not in (None, *SPLITS):
        raise UnknownIdError("split", str(split), SPLITS)
    articles = opened.annotated(split)
    if layer:
        folder = layers / layer
        articles = [opened.article(a.id, layer=layer) for a in articles if (folder / f"{a.id}.jsonl").exists()]
    if not articles:
        raise ImportFailedError(
            f"{opened.root}: no annotated article{f' of split {split}' if split else ''}{f' in layer {layer}' if layer else ''}; nothing was written"
        )
    lost = write(articles, out)
    write_records(out / "export-report.jsonl", [s._asdict() for s in lost])
    print(f"{len(articles):>9,}  articles\n{sum(len(a.attributed) for a in articles):>9,}  attributions")
    for reason, count in sorted(Counter(s.reason for s in lost).items()):
        print(f"{count:>9,}  lost or changed: {reason}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of every record."""
    import json

    from allegedly.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
