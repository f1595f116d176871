"""One article's gold beside one system's predictions. Matches are found once, whatever measures ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from allegedly.match import Extents, Mention, Triple, match_triples
from allegedly.schema import Article, Attribution
from allegedly.tasks import Item, Label, Predictions, Task


class Comparison:
    """Gold and predictions of one article for one task."""

    def __init__(self, task: Task, article: Article, predictions: Predictions) -> None:
        self.task = task
        self.article = article
        self._predictions = predictions
        self._pairs: dict[str, list[tuple[int, int]]] = {}
        self._links: dict[tuple[str, bool], list[int | None]] = {}

    @cached_property
    def gold(self) -> tuple[Attribution, ...]:
        """The article's attributions, without the narrator's."""
        return self.article.attributed

    @cached_property
    def predicted(self) -> tuple[Attribution, ...]:
        """The predicted attributions, without the narrator's; none where the article has no prediction."""
        given: Sequence[Attribution] = self._predictions.get(self.article.id, ())
        return tuple(a for a in given if not a.is_narrator)

    @cached_property
    def _triples(self) -> tuple[list[Triple], list[Triple]]:
        extents = Extents(self.article.text)
        return [extents.triple(a) for a in self.gold], [extents.triple(a) for a in self.predicted]

    def pairs(self, criterion: str) -> list[tuple[int, int]]:
        """Index pairs (gold, predicted) of matched attributions."""
        if criterion not in self._pairs:
            self._pairs[criterion] = match_triples(self._triples[0], self._triples[1], criterion)
        return self._pairs[criterion]

    def mentions(self, role: str, *, gold: bool) -> list[Mention]:
        """The distinct mentions of a role on one side; attributions without words for it have none."""
        found = {getattr(t, role) for t in self._triples[0 if gold else 1]}
        return sorted((m for m in found if m.spans), key=lambda m: m.spans)

    def agrees(self, field: str, i: int, j: int) -> bool:
        """Whether a matched pair has the same stance, or a `via` or `refers` that points at the same attribution."""
        if field == "stance":
            return self.gold[i].stance == self.predicted[j].stance
        return self._targets(field, gold=True)[i] == self._targets(field, gold=False)[j]

    def _targets(self, link: str, *, gold: bool) -> list[int | None]:
        """For each attribution of a side, the index in gold of what its link points at: -1 unmatched, None null."""
        if (link, gold) not in self._links:
            side = self.gold if gold else self.predicted
            index = {a.id: n for n, a in enumerate(side)}
            to_gold = {n: n for n in range(len(side))} if gold else {j: i for i, j in self.pairs("overlap")}
            targets = [getattr(a, link) for a in side]
            self._links[link, gold] = [None if t is None else to_gold.get(index.get(t, -1), -1) for t in targets]
        return self._links[link, gold]

    @cached_property
    def items(self) -> Sequence[Item]:
        """The task's items in this article."""
        return self.task.items(self.article)

    @cached_property
    def answers(self) -> list[tuple[str, Label]]:
        """Gold label and prediction of each item; a missing prediction is the empty label."""
        empty = Label("")
        return [(i.answer, self._predictions.get(i.id, empty)) for i in self.items]

    @property
    def labels(self) -> list[tuple[str, str]]:
        """Gold and predicted label of each item."""
        return [(gold, answer.label) for gold, answer in self.answers]

    @property
    def probabilities(self) -> list[float | None]:
        """The probability of each item's predicted label, where given."""
        return [answer.p for _, answer in self.answers]
