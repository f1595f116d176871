"""Label Studio's full JSON export (exportType JSON, or a snapshot) of a project with our labelling config.

For exports that come from elsewhere than a running server; `allegedly studio pull` does the same from the server itself. JSON_MIN and CSV lose the
arrows: files of them are reported.
What maps: see docs/studio.md. Each annotator's last annotation of a text: the first annotator (by e-mail) is gold, the others are layers, named
annotator-2, …; e-mails are not kept. What is wrong with a region is reported, and the annotation left out.
What is lost: cancelled annotations, drafts and predictions.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allegedly.annotate import article_of
from allegedly.formats import ODD, Imported, ImportFailedError, files, load, writable
from allegedly.schema import ANNOTATED, CANARY, Attribution, CorpusRecord
from allegedly.store import parse, surface
from allegedly.studio.convert import read as read_result

NO_EXPORT = "expected a full JSON export; JSON_MIN and CSV lose the arrows between regions"
FIELDS = tuple(f for f in ANNOTATED if f not in ("entities", "positions", "narrator"))


def read(path: Path) -> Imported:
    """Read an export. ImportFailedError where it is not a full one."""
    imported = Imported(
        CorpusRecord(name="label-studio", version="1", license="unknown", canary=CANARY, annotated=FIELDS)
    )
    annotators: list[str] = []
    for file in files(path, "*.json"):
        with imported.reporting(file, reason="no JSON"):
            tasks = load(file)
            exported = [isinstance(t, Mapping) and "annotations" in t for t in tasks]
            if not isinstance(tasks, list) or (exported and not any(exported)):
                imported.skip(file, 0, NO_EXPORT)
                continue
            for number, task in enumerate(tasks, 1):
                with imported.reporting(file, number, "no task with annotations"):
                    _task(imported, file, number, task, annotators)
    if imported.skipped and all(s.reason == NO_EXPORT for s in imported.skipped) and not imported.articles:
        raise ImportFailedError(f"{path}: {NO_EXPORT}")
    return imported


def _task(imported: Imported, file: Path, number: int, task: Mapping[str, Any], annotators: list[str]) -> None:
    annotations, data = task["annotations"], task.get("data")
    text = data.get("text") if isinstance(data, Mapping) else None
    if not isinstance(text, str) or not text.strip():
        imported.skip(file, number, "a task without a text", task.get("id"))
        return
    assert isinstance(data, Mapping)
    writable(text)
    article = article_of(str(data.get("article_id") or f"task-{task.get('id', number)}"), text)
    if not isinstance(annotations, list):
        imported.lines += 1
        imported.skip(file, number, "annotations that are no list", annotations)
        annotations = []
    imported.lines += len(annotations)
    known = [a for a in annotations if isinstance(a, Mapping)]
    for odd in (a for a in annotations if not isinstance(a, Mapping)):
        imported.skip(file, number, "an annotation that is no object", odd)
    last: dict[str, Any] = {}
    for annotation in sorted(known, key=lambda a: str(a.get("updated_at"))):
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
        except ODD as error:
            imported.skip(file, number, "pushed records that cannot be read, so the annotation is read without", error)
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
