"""The ceiling: one independent layer scored against the other, as if it were a system. Gold was made from both, so it is no part of it."""

from __future__ import annotations

from collections.abc import Sequence

from allegedly.agreement import NoAgreementError, pairs
from allegedly.schema import Article
from allegedly.scoring.comparison import Comparison
from allegedly.store import Corpus
from allegedly.tasks import Label, Predictions, Task, detection, get_task, linking

LAYERS = ("annotator-1", "annotator-2")


def layers(corpus: Corpus, articles: Sequence[Article]) -> list[tuple[Article, Article]] | None:
    """The scored articles under both layers; None unless both hold every one of them."""
    try:
        found = {left.id: (left, right) for left, right in pairs(corpus, *LAYERS, {a.id for a in articles})}
    except NoAgreementError:
        return None
    both = [found[a.id] for a in articles if a.id in found]
    return both if len(both) == len(articles) else None


def answers(task: Task, left: Article, right: Article) -> Predictions | None:
    """What the second layer answers to the items of the first; None for a task that layers do not hold (disputes).

    An attribution that the second layer has not is missing, and scored as empty.
    """
    if task.name == "extraction":
        return {left.id: right.attributions}
    if task.name == "detection":
        labels = detection.labels(right, right.attributions)
        return {f"{left.id}/s{n}": Label(label) for n, label in enumerate(labels, 1)}
    matched = Comparison(get_task("extraction"), left, {left.id: right.attributions})
    other = {matched.gold[i].id: matched.predicted[j] for i, j in matched.pairs("overlap")}
    if task.name == "stance":
        return {f"{left.id}/{name}": Label(a.stance) for name, a in other.items()}
    if task.name == "linking":
        place = linking.places(left)
        found = {name: place.get(linking.extent(a.source.spans), "") for name, a in other.items()}
        items = {i.id for i in task.items(left)}
        return {f"{left.id}/{name}": Label(label) for name, label in found.items() if f"{left.id}/{name}" in items}
    return None
