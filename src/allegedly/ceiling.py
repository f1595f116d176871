"""The ceiling: one independent layer scored against the other, as if it were a system. Gold was made from both, so it is no part of it.

Layers hold attributions; the narrator's records and the positions behind `disputes` come from the two readers of positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from allegedly import readings
from allegedly.agreement import NoAgreementError, drafts, pairs
from allegedly.pairs import held, relation_of
from allegedly.schema import Article
from allegedly.scoring.comparison import Comparison
from allegedly.store import Corpus
from allegedly.tasks import Label, Predictions, Task, detection, get_task, linking

LAYERS = ("annotator-1", "annotator-2")
Both = list[tuple[Article, Article]]


class Sides(NamedTuple):
    """The scored articles as either side has them: under its layer, and under its reading of positions. None unless both hold them all."""

    layers: Both | None
    readings: Both | None

    def of(self, task: Task) -> Both | None:
        """What a task's ceiling is measured on."""
        return self.readings if task.name == "disputes" else self.layers


def sides(corpus: Corpus, articles: Sequence[Article]) -> Sides:
    """Both sides of some articles. The narrator's records of a layer are those of its reader, where there are two."""
    read = _read(corpus, articles)
    try:
        found = {left.id: (left, right) for left, right in pairs(corpus, *LAYERS, {a.id for a in articles})}
    except NoAgreementError:
        return Sides(None, read)
    if len(found) < len(articles):
        return Sides(None, read)
    narrated = {left.id: (left, right) for left, right in read or ()}
    both = []
    for article in articles:
        made = []
        for n, side in enumerate(found[article.id]):
            own = narrated[article.id][n].attributions if narrated else ()
            made.append(side.with_attributions((*side.attributions, *(a for a in own if a.is_narrator))))
        both.append((made[0], made[1]))
    return Sides(both, read)


def _read(corpus: Corpus, articles: Sequence[Article]) -> Both | None:
    """The articles under each reader's positions, their pairs with the relation that follows; None unless two read them all."""
    found: dict[str, tuple[Article, Article]] = {}
    for name in dict.fromkeys(a.story for a in articles):
        both, story = drafts(corpus, name), corpus.stories.get(name)
        if both is None or story is None:
            return None
        members = [a for a in articles if a.story == name]
        excludes = {p.id: set(p.excludes) for p in story.propositions}
        made = []
        for side in readings.sides(story, members, *both):
            taken = [a.with_attributions(side[a.id]) for a in members]
            by_reference = {h.reference: h for h in held(taken)}
            related = []
            for article in taken:
                each = []
                for pair in article.pairs:
                    ends = by_reference.get(pair.left), by_reference.get(pair.right)
                    relation = relation_of(ends[0], ends[1], excludes) if ends[0] and ends[1] else None
                    each += [pair.model_copy(update={"relation": relation})] if relation else []
                related.append(replace(article, pairs=tuple(each)))
            made.append(related)
        found |= {left.id: (left, right) for left, right in zip(*made, strict=True)}
    return [found[a.id] for a in articles]


def answers(task: Task, left: Article, right: Article) -> Predictions:
    """What the second side answers to the items of the first. An attribution or pair that it has not is missing, and scored as empty."""
    if task.name == "extraction":
        return {left.id: right.attributions}
    if task.name == "detection":
        labels = detection.labels(right, right.attributions)
        return {f"{left.id}/s{n}": Label(label) for n, label in enumerate(labels, 1)}
    if task.name == "disputes":
        asked = {p.id for p in left.pairs}
        return {p.id: Label(p.relation) for p in right.pairs if p.id in asked}
    matched = Comparison(get_task("extraction"), left, {left.id: right.attributions})
    other = {matched.gold[i].id: matched.predicted[j] for i, j in matched.pairs("overlap")}
    if task.name == "stance":
        return {f"{left.id}/{name}": Label(a.stance) for name, a in other.items()}
    place = linking.places(left)
    found = {name: place.get(linking.extent(a.source.spans), "") for name, a in other.items()}
    items = {i.id for i in task.items(left)}
    return {f"{left.id}/{name}": Label(label) for name, label in found.items() if f"{left.id}/{name}" in items}
