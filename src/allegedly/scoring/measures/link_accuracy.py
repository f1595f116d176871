"""LinkAccuracy: how often a claim is linked to its source, over all claims or those of one kind."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from allegedly.schema import Article, Spans
from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import Counts, Parametric, ratio
from allegedly.systems.lexicon import PRONOUNS
from allegedly.tasks import Item, linking


@dataclass(frozen=True)
class LinkAccuracy(Parametric):
    """Share of claims linked to their source. `entity`: any mention of the same entities counts; `mention`: the annotated mention alone;
    `within=sentence`, `beyond=sentence`, `pronoun`: as `entity`, over the claims whose annotated mention is such.
    """

    choices: ClassVar[tuple[str, ...]] = ("entity", "mention", "within=sentence", "beyond=sentence", "pronoun")

    def counts(self, comparison: Comparison) -> Counts:
        """[right, items]."""
        article = comparison.article
        known = linking.mentions(article)
        speakers = entities(article)
        right = total = 0
        for item, answer in zip(comparison.items, comparison.answers, strict=True):
            gold, label = answer[0], answer[1].label
            spans = known[int(gold[1:]) - 1]
            if not self._covers(article, item, spans):
                continue
            total += 1
            same = gold == label or (
                self.parameter != "mention" and bool(speakers.get(gold)) and speakers.get(gold) == speakers.get(label)
            )
            right += same
        return np.array([right, total], dtype=float)

    def _covers(self, article: Article, item: Item, mention: Spans) -> bool:
        if self.parameter in ("entity", "mention"):
            return True
        if self.parameter == "pronoun":
            return article.slice(mention).lower() in PRONOUNS
        assert item.attribution is not None
        starts = [s.start for s in article.sentences]
        sentences = {bisect_right(starts, s.start) for s in item.attribution.claim.spans}
        return (bisect_right(starts, mention[0].start) in sentences) == (self.parameter == "within=sentence")

    def score(self, counts: Counts) -> Counts:
        """Right over items."""
        return ratio(counts[..., 0], counts[..., 1])


def entities(article: Article) -> dict[str, frozenset[str]]:
    """The entities of each mention, over all attributions that have it as their source."""
    place = linking.places(article)
    found: dict[str, frozenset[str]] = {}
    for attribution in article.attributed:
        key = place.get(linking.extent(attribution.source.spans), "")
        found[key] = found.get(key, frozenset()) | frozenset(attribution.source.entities)
    return found
