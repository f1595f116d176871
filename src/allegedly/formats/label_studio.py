"""Label Studio's full JSON export (exportType JSON, or a snapshot) of a project with our labelling config.

For exports that come from elsewhere than a running server; `allegedly studio pull` does the same from the server itself. JSON_MIN and CSV lose the
arrows and are refused.
What maps: see docs/studio.md. Each annotator's last annotation of a text: the first annotator (by e-mail) is gold, the others are layers, named
annotator-2, …; e-mails are not kept. What is wrong with a region is reported, and the annotation left out.
What is lost: cancelled annotations, drafts and predictions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allegedly.annotate import article_of
from allegedly.formats import Imported, ImportFailedError, files
from allegedly.schema import ANNOTATED, CANARY, Attribution, CorpusRecord
from allegedly.store import RecordError, parse, read_text, surface
from allegedly.studio.convert import read as read_result

FIELDS = tuple(f for f in ANNOTATED if f not in ("entities", "positions", "narrator"))


def read(path: Path) -> Imported:
    """Read an export. ImportFailedError where it is not a full one."""
    imported = Imported(
        CorpusRecord(name="label-studio", version="1", license="unknown", canary=CANARY, annotated=FIELDS)
    )
    annotators: list[str] = []
    for file in files(path, "*.json"):
        try:
            tasks = json.loads(read_text(file))
        except (RecordError, ValueError, RecursionError) as error:
            imported.skip(file, getattr(error, "lineno", 0), "no JSON", error)
            continue
        if not isinstance(tasks, list) or any(not isinstance(t, Mapping) or "annotations" not in t for t in tasks):
            raise ImportFailedError(
                f"{file}: expected a full JSON export; JSON_MIN and CSV lose the arrows between regions"
            )
        for number, task in enumerate(tasks, 1):
            _task(imported, file, number, task, annotators)
    return imported


def _task(imported: Imported, file: Path, number: int, task: Mapping[str, Any], annotators: list[str]) -> None:
    data = task.get("data")
    text = data.get("text") if isinstance(data, Mapping) else None
    annotations = task["annotations"] if isinstance(task["annotations"], list) else []
    imported.lines += len(annotations)
    if not isinstance(text, str) or not text.strip():
        imported.skip(file, number, "a task without a text", task.get("id"))
        return
    assert isinstance(data, Mapping)
    article = article_of(str(data.get("article_id") or f"task-{task.get('id', number)}"), text)
    last: dict[str, Any] = {}
    for annotation in sorted(
        (a for a in annotations if isinstance(a, Mapping)), key=lambda a: str(a.get("updated_at"))
    ):
        by = annotation.get("completed_by")
        name = str(by.get("email") if isinstance(by, Mapping) else by)
        if annotation.get("was_cancelled"):
            imported.skip(file, number, "cancelled", annotation.get("id"))
        else:
            if name in last:
                imported.skip(file, number, "an earlier annotation of the same annotator", last[name].get("id"))
            last[name] = annotation
    layers: list[tuple[str, list[Attribution]]] = []
    for name, annotation in sorted(last.items()):
        try:
            base = [surface(parse(Attribution, dict(x), "base"), article.text) for x in data.get("base") or ()]
        except (RecordError, TypeError, ValueError):
            base = []
        drawn = read_result(article, annotation.get("result"), base)
        for problem in drawn.problems:
            imported.skip(file, number, "a fault in the annotation, which is left out", problem)
        if not drawn.problems:
            if name not in annotators:
                annotators.append(name)
            layers.append((f"annotator-{annotators.index(name) + 1}", list(drawn.attributions)))
            imported.used += 1
    article_id = imported.add(article.id, article.text, layers[0][1] if layers else None)
    for layer, attributions in layers[1:]:
        imported.layers[layer, article_id] = attributions
