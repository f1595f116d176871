"""Articles out to Label Studio. Idempotent: what a task shows is known by article id and text checksum, never by task id.

A push that is interrupted is simply run again: it adds what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from allegedly.schema import Article, Attribution
from allegedly.store import bare, dump_records, plain, sha256
from allegedly.studio import StudioError, convert, labelling
from allegedly.studio.client import Client, LabelStudioRefusedError, pages

TITLE = "allegedly"
DESCRIPTION = "Who says what, and do they assert it or deny it?"
BATCH = 25
Step = Callable[[int], None]
Layers = Mapping[str, Mapping[str, Sequence[Attribution]]]  # article id → name of the prediction → its records


@dataclass
class Pushed:
    """What became of each article: added, there already, or there with another text."""

    project: int
    url: str
    added: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def task(article: Article, layers: Mapping[str, Sequence[Attribution]], carry: bool = True) -> dict[str, Any]:
    """An article as a task. Each layer is a prediction; `carry`: the first one's records travel along, for what is not drawn."""
    base = next(iter(layers.values()), ()) if carry else ()
    record = article.record
    return {
        "data": {
            "article_id": article.id,
            "sha256": record.sha256,
            "text": article.text,
            "heading": f"{article.id} · {record.publisher} · {record.published}",
            "base": [plain(bare(a)) for a in base],
            "shown": list(layers),
            "sums": {name: checksum(records) for name, records in layers.items()},
        },
        "predictions": [
            {"model_version": name, "score": 1.0, "result": convert.results(article, records)}
            for name, records in layers.items()
        ],
    }


def checksum(records: Sequence[Attribution]) -> str:
    """What tells whether a layer still says what was shown."""
    return sha256(dump_records([bare(a) for a in records]))


def push(
    client: Client,
    articles: Sequence[Article],
    layers: Layers,
    *,
    title: str = TITLE,
    annotators: int | None = None,
    instruction: str = "",
    carry: bool = True,
    step: Step = lambda _: None,
) -> Pushed:
    """Put articles into a project that is made if need be; `layers` pre-annotates them. `step` is told how many are done."""
    project = prepare(client, title, annotators, instruction, predictions=any(layers.values()))
    done = Pushed(project, f"{client.url}/projects/{project}")
    there = {t.article: t for t in client.tasks(project)}
    missing = []
    for article in articles:
        known = there.get(article.id)
        if known is None:
            missing.append(article)
        else:
            (done.there if known.sha256 == article.record.sha256 else done.changed).append(article.id)
    step(len(articles) - len(missing))
    for some in pages(missing, BATCH):
        _add(client, project, [task(a, layers.get(a.id, {}), carry) for a in some])
        done.added += [a.id for a in some]
        step(len(some))
    return done


def _add(client: Client, project: int, tasks: Sequence[dict[str, Any]], tries: int = 3) -> None:
    """Add tasks; where the answer gets lost, look which came through, and add the others."""
    for last in range(tries - 1, -1, -1):
        try:
            client.add(project, tasks)
            return
        except LabelStudioRefusedError as error:
            if not last or 400 <= error.status < 500:
                raise
        there = {t.article for t in client.tasks(project)}
        tasks = [t for t in tasks if t["data"]["article_id"] not in there]
        if not tasks:
            return


def prepare(
    client: Client, title: str, annotators: int | None = None, instruction: str = "", predictions: bool = False
) -> int:
    """The id of the project of this title, made or brought up to date.

    What is not given stays as an earlier push set it: how many annotate each article, and whether predictions are shown.
    StudioError where the labelling config would orphan what annotations use.
    """
    config = labelling.config()
    if problems := labelling.lint(config):
        raise StudioError("the labelling config is faulty:\n" + "\n".join(problems))
    settings: dict[str, Any] = {
        "show_skip_button": False,
        "enable_empty_annotation": True,
        "sampling": "Sequential sampling",
    }
    settings |= {"maximum_annotations": annotators} if annotators is not None else {}
    settings |= {"expert_instruction": instruction, "show_instruction": True} if instruction else {}
    settings |= {"show_collab_predictions": True} if predictions else {}
    found = client.project(title)
    if found is None:
        fresh = {"maximum_annotations": 1, "show_collab_predictions": False, "description": DESCRIPTION}
        made = client.create(title, config, **(fresh | settings))
        client.check_config(int(made.id), config)
        return int(made.id)
    project = int(found.id)
    if found.label_config and labelling.controls(found.label_config) != labelling.controls(config):
        lost = labelling.orphaned(used(client, project, found.label_config), config)
        if lost:
            raise StudioError(
                f"project {title!r} has annotations that use {', '.join(lost)}, which the schema no longer has. Pull them, "
                "and push into a project of another name (--project)"
            )
    client.check_config(project, config)
    client.update(project, label_config=config, **settings)
    return project


def used(client: Client, project: int, config: str) -> dict[str, frozenset[str]]:
    """What annotations of a project use: the values of each control. Everything that the config offers, if there are any."""
    found = client.sdk.projects.get(project)
    if not found.total_annotations_number:
        return {}
    return labelling.controls(config)
