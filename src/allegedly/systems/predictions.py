"""Prediction files: the primary kind of system. Reads, checks and writes `<task>.predictions.jsonl`.

Extraction: `{"article": id, "attributions": [...]}`, offsets or quotes. The other tasks: `{"id": item, "<task>": label,
"p": 0.93}`. An unknown or repeated id is refused; a missing one is scored as empty and reported.
"""

from __future__ import annotations

import gzip
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allegedly.schema import Article, Attribution
from allegedly.store import RecordError, UnknownIdError, decode, parse, parse_objects
from allegedly.tasks import Label, Predictions, Task
from allegedly.text.anchor import QuoteError, anchor_line


@dataclass(frozen=True)
class Submission:
    """A checked prediction file: the predictions, and the ids that it says nothing about."""

    predictions: Predictions
    missing: tuple[str, ...]


def read_predictions(path: Path | str, task: Task, articles: Sequence[Article]) -> Submission:
    """Read a prediction file (`-`: standard input; `.gz`: compressed) for some articles.

    RecordError names the line, what was expected and what came.
    """
    name = str(path)
    return check_predictions(parse_objects(_read(path, name), name), task, articles, name)


def _read(path: Path | str, name: str) -> str:
    if name == "-":
        return decode(sys.stdin.buffer.read(), "standard input")
    try:
        data = Path(path).read_bytes()
        if name.endswith(".gz"):
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise RecordError("no such file", name) from None
    except (OSError, EOFError) as error:
        raise RecordError(f"cannot be read: {error}", name) from None
    return decode(data, name)


def check_predictions(
    lines: Iterator[tuple[int, dict[str, Any]]], task: Task, articles: Sequence[Article], name: str
) -> Submission:
    """Check numbered prediction records against the items of some articles."""
    by_id = {article.id: article for article in articles}
    wanted = list(by_id) if not task.labels else [item.id for a in articles for item in task.items(a)]
    known = set(wanted)
    choices = {item.id: item.choices for a in articles for item in task.items(a) if item.choices}
    key = "id" if task.labels else "article"
    found: dict[str, Any] = {}
    for number, line in lines:
        item = line.get(key)
        if not isinstance(item, str):
            raise RecordError(f"expected {key!r} with the id of an item, got {item!r}", name, number)
        if item not in known:
            raise RecordError(f"{UnknownIdError('item', item, known)} in this task and split", name, number)
        if item in found:
            raise RecordError(f"{item!r} is predicted twice", name, number)
        if task.labels and line.get(task.name) == "":
            continue  # a line of the template that was not filled in
        try:
            found[item] = (
                _label(line, task, choices.get(item, task.labels))
                if task.labels
                else _attributions(line, by_id[item], name, number)
            )
        except (QuoteError, ValueError) as error:
            if isinstance(error, RecordError):
                raise
            raise RecordError(f"{item}: {error}", name, number) from None
    return Submission(found, tuple(i for i in wanted if i not in found))


def _label(line: dict[str, Any], task: Task, labels: Sequence[str]) -> Label:
    if unknown := set(line) - {"id", "p", task.name}:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}; expected id, {task.name} and, if you like, p")
    label, p = str(line.get(task.name)), line.get("p")
    if label not in labels:
        raise ValueError(f"{task.name}: expected one of {', '.join(labels)}, got {label!r}")
    if p is not None and (isinstance(p, bool) or not isinstance(p, int | float) or not (0 <= p <= 1) or math.isnan(p)):
        raise ValueError(f"p: expected a probability from 0 to 1, got {p!r}")
    return Label(label, p)


def _attributions(line: dict[str, Any], article: Article, name: str, number: int) -> tuple[Attribution, ...]:
    given = line.get("attributions")
    if not isinstance(given, list) or set(line) - {"article", "attributions"}:
        raise ValueError("expected {'article': id, 'attributions': [...]} and nothing else")
    found: list[Attribution] = []
    keys: set[object] = set()
    ids: set[str] = set()
    for position, data in enumerate(given, 1):
        attribution = _attribution(data, position, article, name, number)
        key = tuple(tuple((s.start, s.end) for s in spans) for spans in attribution.roles.values())
        if key in keys:
            raise ValueError(f"{attribution.id}: the same source, cue and claim twice")
        if attribution.id in ids:
            raise ValueError(f"the attribution id {attribution.id!r} stands twice")
        keys.add(key)
        ids.add(attribution.id)
        found.append(attribution)
    for attribution in found:
        if attribution.via is not None and attribution.via not in ids:
            raise ValueError(f"{attribution.id}: via {attribution.via!r} is no attribution of this line")
    return tuple(found)


def _attribution(data: Any, position: int, article: Article, name: str, number: int) -> Attribution:
    if not isinstance(data, dict):
        raise ValueError(f"attribution {position}: expected an object, got {data!r}")
    data = {"id": f"a{position:02}", "stance": "assert"} | data
    if isinstance(data.get("claim"), str):
        return anchor_line(article, data)
    source = data.get("source") or {}
    if isinstance(source, dict):
        kind = "person" if source.get("spans") else "unspecified"
        data["source"] = {"spans": [], "kind": kind, "named": False} | source
    data.setdefault("cue", {"spans": []})
    attribution = parse(Attribution, data, name, number)
    for role, spans in attribution.roles.items():
        for span in spans:
            surface = article.text[span.start : span.end]
            if span.end > len(article.text):
                raise ValueError(
                    f"{attribution.id}: {role} {span.start}-{span.end} ends after the text ({len(article.text)} code points)"
                )
            if span.text is not None and span.text != surface:
                raise ValueError(
                    f"{attribution.id}: {role} {span.start}-{span.end} is {surface!r} in the text, not {span.text!r}; "
                    "offsets count Unicode code points"
                )
    return attribution


def prediction_records(task: Task, articles: Sequence[Article], predictions: Predictions) -> list[dict[str, Any]]:
    """Predictions as the lines of a prediction file, in the order of the articles."""
    if not task.labels:
        return [
            {"article": a.id, "attributions": [x.plain() for x in predictions[a.id]]}
            for a in articles
            if a.id in predictions
        ]
    records = []
    for item in (item for article in articles for item in task.items(article)):
        if item.id in predictions:
            label, p = predictions[item.id]
            records.append({"id": item.id, task.name: label} | ({} if p is None else {"p": round(p, 6)}))
    return records


def template(task: Task, articles: Sequence[Article]) -> list[dict[str, Any]]:
    """The lines of an empty prediction file, with what is given of each item. Fill in and score."""
    if not task.labels:
        return [{"article": article.id, "attributions": []} for article in articles]
    return [{"id": item.id, task.name: ""} for article in articles for item in task.items(article)]
