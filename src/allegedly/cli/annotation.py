"""Commands of annotators and adjudicators: sentences, anchor, agree, adjudicate, positions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from allegedly.cli.options import CorpusOption, app, article_from, open_from, say


@app.command()
def sentences(
    target: Annotated[str, typer.Argument(metavar="ARTICLE|FILE", help="An article's id, or a text file.")],
    corpus: CorpusOption = None,
) -> None:
    """Print a text with numbered sentences, as annotators read it."""
    from allegedly.text.anchor import numbered

    for line in numbered(article_from(target, corpus)):
        print(line)


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

    result = resolve(article_from(article or draft.stem, corpus), read_text(draft), str(draft))
    for line, message in result.problems:
        say(f"{draft}:{line}: {message}" if line else f"{draft}: {message}")
    if result.problems:
        say(
            f"error: {len(result.problems)} of {len(result.problems) + len(result.attributions)} lines; nothing written"
        )
        raise typer.Exit(1)
    data = dump_records([without_surface(a) if bare else a for a in result.attributions])
    if out:
        write_atomic(out, data)
        say(f"wrote {out}: {len(result.attributions)} attributions")
    else:
        sys.stdout.write(data.decode())


@app.command()
def agree(
    layers: Annotated[
        list[str] | None, typer.Argument(help="Two layers; default: annotator-1 annotator-2. `gold` is one too.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="all, split, story, form, domain or round (annotations/rounds.json).")
    ] = "all",
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a group.")] = False,
    corpus: CorpusOption = None,
) -> None:
    """Agreement between two independent layers, over the articles that both annotated; n is always printed."""
    from rich.console import Console

    from allegedly.agreement import by as grouped
    from allegedly.agreement import grouping, pairs, positions
    from allegedly.report.agreement import table
    from allegedly.store import dump_line

    opened = open_from(corpus)
    found = grouped(pairs(opened, *_two(layers)), grouping(opened, by), positions(opened))
    if json_:
        for group in found:
            print(dump_line(group._asdict()))
        return
    Console(width=None if sys.stdout.isatty() else 120).print(table(found))


def _two(layers: list[str] | None) -> tuple[str, str]:
    chosen = layers or ["annotator-1", "annotator-2"]
    if len(chosen) != 2:
        raise typer.BadParameter(f"expected two layers, got {len(chosen)}")
    return chosen[0], chosen[1]


@app.command()
def adjudicate(
    article: Annotated[str, typer.Argument(help="Id of an article that both layers hold.")],
    decisions: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Decisions, JSON Lines; writes the gold layer and its lines of annotations/adjudication.jsonl."
        ),
    ] = None,
    layers: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--layer", help="Twice: the layers; default: annotator-1, annotator-2."),
    ] = None,
    corpus: CorpusOption = None,
) -> None:
    """Print two layers side by side, what agrees and what does not; with --decisions make gold of them.

    A decision is {"id": "u05", "take": "annotator-1", "reason": "..."} with any draft field changed beside it,
    {"id": "u05", "drop": true, "reason": "..."}, or a whole draft line under a new id (n01) for what both missed.
    """
    import json

    from allegedly.adjudicate import decide, units, worksheet
    from allegedly.store import read_objects, write_gold

    opened = open_from(corpus)
    names = _two(layers)
    left, right = (opened.article(article, layer=name) for name in names)
    paired = units(left, left.attributions, right.attributions)
    if decisions is None:
        for line in worksheet(left, paired, names):
            print(json.dumps(line, ensure_ascii=False))
        agreed = sum(u.agreed for u in paired)
        say(f"{article}: {len(paired)} units, {agreed} agreed, {len(paired) - agreed} to decide")
        return
    gold = decide(left, paired, names, [line for _, line in read_objects(decisions)])
    print(write_gold(opened, left.record, gold.attributions, gold.log))


@app.command()
def pairs(
    most: Annotated[int, typer.Option(help="Pairs of each relation in a story, at most.")] = 16,
    corpus: CorpusOption = None,
) -> None:
    """Make corpus/pairs.jsonl, the items of `disputes`, from the positions of the gold. Frozen once a release has it."""
    from allegedly.pairs import pairs as make
    from allegedly.schema import RELATIONS
    from allegedly.store import write_records

    opened = open_from(corpus)
    annotated = opened.annotated()
    found = [p for s in opened.stories.values() for p in make(s, [a for a in annotated if a.story == s.id], most)]
    write_records(opened.path("corpus", "pairs.jsonl"), found)
    across = sum(p.left.split("/")[0] != p.right.split("/")[0] for p in found)
    counts = ", ".join(f"{sum(p.relation == r for p in found)} {r}" for r in RELATIONS)
    print(f"{len(found)} pairs ({counts}), {across} across articles")


@app.command()
def positions(
    story: Annotated[str, typer.Argument(help="Id of the story.")],
    draft: Annotated[
        Path, typer.Argument(help="Position draft, JSON Lines: the inventory, then one line an attribution.")
    ],
    second: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="A second reader's draft under the same inventory; prints where the two differ."),
    ] = None,
    decisions: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="A third reader's decisions on that: {article, id, positions, reason} a line."),
    ] = None,
    corpus: CorpusOption = None,
) -> None:
    """The second step: put a story's inventory into stories.jsonl, and entities, positions and the narrator into its gold.

    With --second alone it writes nothing and prints what the readers differ on; with --decisions too, the gold has those.
    """
    import json

    from allegedly import readings
    from allegedly.positions import apply
    from allegedly.store import UnknownIdError, read_objects, write_records

    opened = open_from(corpus)
    if story not in opened.stories:
        raise UnknownIdError("story", story, opened.stories)
    articles = [
        opened.article(r.id) for r in opened.records.values() if r.story == story and opened.gold_path(r).exists()
    ]
    lines = list(read_objects(draft))
    if second:
        first = [line for _, line in lines]
        found = readings.units(opened.stories[story], articles, first, [line for _, line in read_objects(second)])
        if decisions is None:
            for line in readings.worksheet(articles, found):
                print(json.dumps(line, ensure_ascii=False))
            say(f"{story}: {len(found)} units, {sum(not u.agreed for u in found)} to decide")
            return
        decided = readings.decide(articles, found, first, [line for _, line in read_objects(decisions)])
        lines = list(enumerate(decided, 1))
    renewed, layers = apply(opened.stories[story], articles, lines, str(draft))
    for article in articles:
        write_records(opened.gold_path(article.record), layers[article.id])
    stories = [renewed if s.id == story else s for s in opened.stories.values()]
    write_records(opened.path("corpus", "stories.jsonl"), stories)
    taken = sum(bool(a.positions) for layer in layers.values() for a in layer)
    print(f"{story}: {len(renewed.propositions)} propositions, {taken} attributions take a position on them")
