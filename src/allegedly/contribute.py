"""A contribution: one annotator's layers as a small folder of quote drafts, for a pull request.

    annotations/contributions/<name>/contribution.json    who, under which guidelines, which texts (checksums), with what
    annotations/contributions/<name>/<article>.jsonl      the attributions as quote drafts, which a reader can judge in a diff

`check` needs nothing but the corpus: no Label Studio. `land` makes layers of a checked contribution.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allegedly.schema import AllegedlyError, ExternalRecord, Record
from allegedly.store import Corpus, dump_records, parse, read_objects, read_text, write_atomic
from allegedly.text.anchor import anchor
from allegedly.text.quote import draft_line
from allegedly.validate.layers import Place, check_layer
from allegedly.validate.rules import RULES

FOLDER = ("annotations", "contributions")
MANIFEST = "contribution.json"
LICENSE = "CC-BY-4.0"
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")


class ContributionError(AllegedlyError, ValueError):
    """A contribution that cannot be packed or landed. The message lists everything that is wrong."""


class Contribution(Record):
    """`contribution.json`."""

    annotator: str
    guidelines: str
    license: str
    pre_annotated: str
    corpus: str
    articles: dict[str, str]


def guidelines_version(corpus: Corpus) -> str:
    """The version that the guidelines give themselves."""
    found = re.search(r"^Version ([\d.]+\d)", read_text(corpus.path("annotations", "guidelines.md")), re.MULTILINE)
    return found[1] if found else "unknown"


def pack(
    corpus: Corpus, layer: str, name: str | None = None, articles: Sequence[str] = (), pre_annotated: str = "no"
) -> Path:
    """Write a layer (of `articles`, or all of it) as a contribution. ContributionError lists what keeps it from being one."""
    chosen = name or layer
    if not NAME.match(chosen):
        raise ContributionError(f"{chosen!r}: a contribution's name has letters, digits, . _ - and at most 60 of them")
    folder = corpus.path("annotations", "layers", layer)
    found = sorted(p.stem for p in folder.glob("*.jsonl"))
    if not found:
        there = ", ".join(sorted(p.name for p in corpus.path("annotations", "layers").glob("*"))) or "none at all"
        raise ContributionError(f"no layer {layer!r}; there is {there}")
    if missing := sorted(set(articles) - set(found)):
        raise ContributionError(f"layer {layer!r} has no {', '.join(missing)}")
    drafts: dict[str, bytes] = {}
    sums: dict[str, str] = {}
    problems: list[str] = []
    for article_id in articles or found:
        article = corpus.article(article_id, layer=layer)
        if isinstance(article.record, ExternalRecord):
            problems.append(
                f"{article_id}: its text is not ours to ship, and quotes are words of it: contribute the bare layer file itself"
            )
            continue
        try:
            drafts[article_id] = dump_records([draft_line(article, a) for a in article.attributed])
        except AllegedlyError as error:
            problems.append(f"{article_id}: {error}")
        sums[article_id] = article.record.sha256
    if problems:
        raise ContributionError("\n".join(problems))
    made = Contribution(
        annotator=chosen, guidelines=guidelines_version(corpus), license=LICENSE, pre_annotated=pre_annotated,
        corpus=corpus.info.version, articles=dict(sorted(sums.items())),
    )  # fmt: skip
    out = corpus.path(*FOLDER, chosen)
    for old in out.glob("*.jsonl"):
        if old.stem not in drafts:
            old.unlink()
    for article_id, data in drafts.items():
        write_atomic(out / f"{article_id}.jsonl", data)
    write_atomic(
        out / MANIFEST, (json.dumps(made.model_dump(), indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
    )
    return out


def check(corpus: Corpus, folder: Path) -> list[str]:
    """Everything that is wrong with a contribution, a line each; empty where it can be landed."""
    try:
        data: dict[str, Any] = json.loads(read_text(folder / MANIFEST))
        manifest = parse(Contribution, data, str(folder / MANIFEST))
    except (AllegedlyError, OSError, ValueError) as error:
        return [f"{folder / MANIFEST}: {error}"]
    problems = []
    if manifest.license != LICENSE:
        problems.append(f"{MANIFEST}: license: expected {LICENSE}, got {manifest.license!r}")
    if manifest.annotator != folder.name:
        problems.append(f"{MANIFEST}: annotator {manifest.annotator!r} is not the folder's name {folder.name!r}")
    there = {p.stem for p in folder.glob("*.jsonl")}
    problems += [f"{a}.jsonl: not listed in {MANIFEST}" for a in sorted(there - manifest.articles.keys())]
    problems += [f"{a}.jsonl: listed in {MANIFEST}, and not there" for a in sorted(manifest.articles.keys() - there)]
    problems += [
        f"{p.name}: no part of a contribution"
        for p in sorted(folder.iterdir())
        if p.name != MANIFEST and p.suffix != ".jsonl"
    ]
    for article_id in sorted(there & manifest.articles.keys()):
        problems += _article(corpus, folder / f"{article_id}.jsonl", manifest.articles[article_id])
    return problems


def _article(corpus: Corpus, path: Path, checksum: str) -> list[str]:
    try:
        article = corpus.article(path.stem)
        if isinstance(article.record, ExternalRecord):
            return [f"{path.name}: the text of {article.id} is not ours to ship, and quotes are words of it"]
        if article.record.sha256 != checksum:
            return [f"{path.name}: made on another text of {article.id} than the corpus has"]
        result = anchor(article, read_text(path), path.name)
    except AllegedlyError as error:
        return [f"{path.name}: {error}"]
    problems = [f"{path.name}:{line}: {message}" for line, message in result.problems]
    lines = list(enumerate(result.attributions, 1))
    for found in check_layer(article, lines, Place(path.name, article.id), corpus.stories.get(article.story)):
        if RULES[found.code].level == "error":
            problems.append(str(found))
    return problems


def land(corpus: Corpus, folder: Path) -> list[Path]:
    """Make layers of a contribution. ContributionError where `check` finds anything, or a layer says something else already."""
    if problems := check(corpus, folder):
        raise ContributionError("\n".join(problems))
    made: dict[Path, bytes] = {}
    for path in sorted(folder.glob("*.jsonl")):
        article = corpus.article(path.stem)
        layer = corpus.path("annotations", "layers", folder.name, path.name)
        made[layer] = dump_records(anchor(article, read_text(path), path.name).attributions)
        if layer.exists() and layer.read_bytes() != made[layer]:
            raise ContributionError(f"{layer} is there already, and says something else")
    for layer, content in made.items():
        write_atomic(layer, content)
    return list(made)


def drafts(folder: Path) -> int:
    """How many attributions a contribution has."""
    return sum(len(list(read_objects(p))) for p in folder.glob("*.jsonl"))
