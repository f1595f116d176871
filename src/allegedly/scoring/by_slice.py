"""Scores by slice: of the gold attributions that are so and so, how many were found (extraction) or answered right (stance, linking).

A slice with fewer than twenty items says so instead of giving a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from allegedly.schema import Article, Attribution
from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures.link_accuracy import entities
from allegedly.slices import cue_lemma, slices
from allegedly.tasks import Item, Predictions, Task

FEWEST = 20


class Slice(NamedTuple):
    """One slice: how many items it has, and the share of them that is right; None where they are too few to say."""

    name: str
    n: int
    share: float | None


def by_slice(
    task: Task, articles: Sequence[Article], predictions: Predictions, known_cues: frozenset[str] | None = None
) -> list[Slice]:
    """Every slice of some articles, in the order of names. `known_cues` are the cue lemmas of training: the rest are `cue:unseen`.

    For extraction the share is recall of overlap matches, for linking a mention of the same entities is right, for the other tasks it is
    accuracy. Sentences and pairs have only the slices of their article, and pairs whether they stand in one article or two.
    """
    counts: dict[str, list[int]] = {}
    for article in articles:
        for item, right in _answers(task, article, predictions):
            names = _names(article, item)
            attribution = item if isinstance(item, Attribution) else item.attribution
            if known_cues is not None and attribution is not None and attribution.cue.spans:
                names += ["cue:unseen"] * (cue_lemma(article, attribution) not in known_cues)
            for name in names:
                row = counts.setdefault(name, [0, 0])
                row[0] += 1
                row[1] += right
    return [Slice(name, n, hits / n if n >= FEWEST else None) for name, (n, hits) in sorted(counts.items())]


def _names(article: Article, item: Attribution | Item) -> list[str]:
    attribution = item if isinstance(item, Attribution) else item.attribution
    if attribution is not None:
        return list(slices(article, attribution))
    record = article.record
    names = [f"domain:{record.domain}", f"form:{record.form}", f"story:{record.story}"]
    if isinstance(item, Item) and item.pair is not None:
        sides = {side.split("/")[0] for side in (item.pair.left, item.pair.right)}
        names.append(f"pair:{'across' if len(sides) > 1 else 'within'}")
    return names


def _answers(task: Task, article: Article, predictions: Predictions) -> Iterator[tuple[Attribution | Item, bool]]:
    comparison = Comparison(task, article, predictions)
    if not task.labels:
        found = {i for i, _ in comparison.pairs("overlap")}
        yield from ((a, i in found) for i, a in enumerate(comparison.gold))
        return
    speakers = entities(article) if task.name == "linking" else {}
    for item, (gold, predicted) in zip(comparison.items, comparison.labels, strict=True):
        yield item, gold == predicted or (bool(speakers.get(gold)) and speakers.get(gold) == speakers.get(predicted))


def cues(articles: Sequence[Article]) -> frozenset[str]:
    """The cue lemmas of some articles."""
    return frozenset(cue_lemma(a, x) for a in articles for x in a.attributed if x.cue.spans)
