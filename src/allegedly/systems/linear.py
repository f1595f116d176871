"""The trained baseline: a linear tagger over hashed window features, a linker, and a stance classifier.

Tags sources, cues and claims paragraph by paragraph, links them, then looks inside each claim for what it relays.
"""

from __future__ import annotations

import copy
import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from allegedly.schema import Article, Attribution, Spans
from allegedly.systems.features import BITS, TEMPLATES, by_template, features
from allegedly.systems.found import Found, attribution, in_order, link_via
from allegedly.systems.linker import Least, Linker, Pair, Range, Sums, Tagged, near, pair_features
from allegedly.systems.reading import Batch, Units, Words, paragraphs, read
from allegedly.systems.stance import StanceModel
from allegedly.systems.tagger import ROLES, Tagger
from allegedly.tasks import Label, Predictions, detection, get_task

DEPTH = 2  # how often it looks inside claims, at most
RARE = 0.01  # share of the attributions at a depth below which it does not look there
SHORTEST = 4  # tokens of a claim that may relay another
BATCH = 64  # articles at once
FORMAT = 4


class Linear:
    """The trained baseline for one task."""

    tasks = ("detection", "extraction", "stance")
    bits = BITS  # of the table that features are hashed into
    shrink = 1e-4  # how strongly weights are drawn to 0
    #: A stretch that is missed costs a whole attribution, so decoding favours the start of a source or cue a little.
    start = (1.2, 1.2, 0.0)  # source, cue, claim

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._seed = seed
        self._depth = DEPTH
        self._words = Words()
        self._tagger = Tagger(self.bits, seed, self.shrink, self.start)
        self._linker = Linker()
        self._stance = StanceModel()

    def fit(self, articles: Sequence[Article]) -> Self:
        """Learn from annotated articles."""
        self._stance.fit(articles)
        if not articles:
            return self
        batch = read(articles, self._words)
        units, labels, trees = _training(batch)
        begun = [int((y % 2 == 1).sum()) for y in labels]
        self._depth = max(d for d, n in enumerate(begun) if not d or n > RARE * sum(begun))
        units, labels = units[: self._depth + 1], labels[: self._depth + 1]
        self._fit_tagger(batch, units, labels)
        self._fit_linker(batch, trees)
        return self

    def _fit_tagger(self, batch: Batch, units: list[Units], labels: list[Any]) -> None:
        """Learn to tag: the units of each depth, and the labels of all tokens at that depth."""
        gold = np.concatenate([y[u.positions()] for u, y in zip(units, labels, strict=True)])
        lengths = np.concatenate([u.lengths for u in units])
        epochs = int(np.clip(1200 // len(batch.articles), 6, 12))
        self._tagger.fit(self._inputs(batch, units, len(gold)), lengths, gold, epochs)

    def _scores(self, batch: Batch, units: Units) -> Any:
        """What is said for each label of each token of the units, before the neighbours are heard."""
        return self._tagger.scores(by_template(batch, units, self.bits), int(units.lengths.sum()))

    def for_task(self, task: str) -> Self:
        """The same fitted model, answering another task: one fit serves all three."""
        other = copy.copy(self)
        other._task = get_task(task)
        return other

    def _fit_linker(self, batch: Batch, trees: list[list[Tagged]]) -> None:
        sums = Sums(batch)
        pairs: dict[str, list[Pair]] = {name: [] for name in Linker.names}
        right: dict[str, list[bool]] = {name: [] for name in Linker.names}
        for unit in trees:
            claims = [c for t in unit for c in t.claim]
            cues = [c for t in unit for c in t.cue]
            sources = [s for t in unit for s in t.source]
            truth = {
                "claim_cue": {(a, b) for t in unit for a in t.claim for b in t.cue},
                "cue_source": {(a, b) for t in unit for a in t.cue for b in t.source},
                "claim_source": {(a, b) for t in unit if not t.cue for a in t.claim for b in t.source},
            }
            lone = [c for t in unit if not t.cue for c in t.claim]
            for name, left, others in (
                ("claim_cue", claims, cues),
                ("cue_source", cues, sources),
                ("claim_source", lone, sources),
            ):
                found = near(list(dict.fromkeys(left)), list(dict.fromkeys(others)))
                pairs[name] += found
                right[name] += [p in truth[name] for p in found]
        for name in Linker.names:
            self._linker.scorers[name].fit(pair_features(sums, pairs[name]), right[name])
        self._linker.choose(sums, trees)

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every item."""
        if self._task.name == "stance":
            items = [(a, item) for a in articles for item in self._task.items(a)]
            pairs = [(a, i.attribution) for a, i in items if i.attribution]
            return {i.id: label for (_, i), label in zip(items, self._stance.predict(pairs), strict=True)}
        found: dict[str, tuple[Attribution, ...]] = {}
        for start in range(0, len(articles), BATCH):
            found |= self._extract(articles[start : start + BATCH])
        if self._task.name == "extraction":
            return found
        return {
            f"{a.id}/s{n}": Label(label)
            for a in articles
            for n, label in enumerate(detection.labels(a, found[a.id]), 1)
        }

    def _extract(self, articles: Sequence[Article]) -> dict[str, tuple[Attribution, ...]]:
        batch = read(articles, self._words)
        sums = Sums(batch)
        units = paragraphs(batch)
        made: list[Tagged] = []
        for depth in range(self._depth + 1):
            if not len(units.starts):
                break
            labels = self._tagger.decode(self._scores(batch, units), units.lengths)
            linked = [t for unit in self._linker.link(sums, _stretches(labels, units)) for t in unit]
            if depth:  # inside a claim, what has no cue is no attribution
                linked = [t for t in linked if t.cue]
            made += linked
            inner = sorted({c for t in linked for c in t.claim if c[1] - c[0] >= SHORTEST})
            units = Units(
                np.array([a for a, _ in inner], np.int32), np.array([b for _, b in inner], np.int32), depth + 1
            )
        return self._records(batch, made)

    def _records(self, batch: Batch, made: list[Tagged]) -> dict[str, tuple[Attribution, ...]]:
        by_article: list[list[Found]] = [[] for _ in batch.articles]
        for tagged in made:
            number = int(np.searchsorted(batch.firsts, tagged.claim[0][0], "right")) - 1
            shift = int(batch.firsts[number])
            roles = (tuple((a - shift, b - shift) for a, b in ranges) for ranges in tagged)
            by_article[number].append(Found(*roles))
        drafts = [
            [attribution(article, n, f, "assert") for n, f in enumerate(in_order(found), 1)]
            for article, found in zip(batch.articles, by_article, strict=True)
        ]
        pairs = [(a, x) for a, draft in zip(batch.articles, drafts, strict=True) for x in draft]
        stances = iter(self._stance.predict(pairs))
        return {
            a.id: link_via([x.but(stance=next(stances).label) for x in draft])
            for a, draft in zip(batch.articles, drafts, strict=True)
        }

    def _inputs(self, batch: Batch, units: Sequence[Units], total: int) -> Any:
        """The features of all units, filled in bit by bit: they are the largest thing in memory."""
        found = np.empty((total, TEMPLATES), np.int32)
        at = 0
        for unit in units:
            for low in range(0, len(unit.starts), 1000):
                some = Units(unit.starts[low : low + 1000], unit.ends[low : low + 1000], unit.depth)
                part = features(batch, some, self.bits)
                found[at : at + len(part)] = part
                at += len(part)
        return found

    def save(self, folder: Path) -> None:
        """Write the weights as npz and the rest as JSON."""
        rows, weights = self._tagger.used()
        np.savez_compressed(
            folder / "weights.npz",
            rows=np.diff(rows, prepend=0).astype(np.uint32),
            tagger=weights,
            scale=self._tagger.scale,
            transitions=self._tagger.transitions,
            first=self._tagger.first,
            stance=self._stance.weights,
            bias=self._stance.bias,
            **{name: np.r_[s.weights, s.bias] for name, s in self._linker.scorers.items()},
        )
        about = {"format": FORMAT, "task": self._task.name, "seed": self._seed, "classes": self._stance.classes}
        about |= {"depth": self._depth, "least": self._linker.least}
        (folder / "model.json").write_text(json.dumps(about), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. ValueError for another format."""
        about = json.loads((folder / "model.json").read_text("utf-8"))
        if about["format"] != FORMAT:
            raise ValueError(f"{folder}: expected format {FORMAT}, got {about['format']}")
        made = cls(about["task"], about["seed"])
        made._depth = about["depth"]
        made._linker.least = Least(*about["least"])
        with np.load(folder / "weights.npz", allow_pickle=False) as data:
            made._tagger.put(np.cumsum(data["rows"]), data["tagger"], data["scale"])
            made._tagger.transitions, made._tagger.first = data["transitions"], data["first"]
            made._stance.classes = about["classes"]
            made._stance.weights, made._stance.bias = data["stance"], data["bias"]
            for name, scorer in made._linker.scorers.items():
                scorer.weights, scorer.bias = data[name][:-1], float(data[name][-1])
        return made


def _stretches(labels: Any, units: Units) -> list[Tagged]:
    """The labels of the units' tokens as ranges of the batch."""
    begins = np.flatnonzero(labels % 2 == 1)
    outside = np.flatnonzero((labels % 2 == 1) | (labels == 0))  # where no stretch goes on: an I follows its own B or I
    stops = np.r_[outside, len(labels)][np.searchsorted(outside, begins, "right")]
    firsts = np.cumsum(units.lengths) - units.lengths
    own = np.searchsorted(firsts, begins, "right") - 1
    shift = (units.starts - firsts)[own]
    made: dict[int, Tagged] = {}
    columns = (own, (labels[begins] - 1) // 2, begins + shift, stops + shift)
    for unit, role, start, stop in zip(*(c.tolist() for c in columns), strict=True):
        made.setdefault(unit, Tagged([], [], []))[role].append((start, stop))
    return [tagged for tagged in made.values() if tagged.claim]


def _training(batch: Batch) -> tuple[list[Units], list[Any], list[list[Tagged]]]:
    """The units of each depth with their labels, and the attributions of each paragraph or claim."""
    total = len(batch.starts)
    labels = [np.zeros(total, np.int8) for _ in range(DEPTH + 1)]
    inner: list[set[Range]] = [set() for _ in range(DEPTH + 1)]
    trees: dict[tuple[int, int], list[Tagged]] = {}
    for number, article in enumerate(batch.articles):
        low, high = int(batch.firsts[number]), int(batch.firsts[number + 1])
        starts, ends = batch.starts[low:high].tolist(), batch.ends[low:high].tolist()

        def ranges(spans: Spans, starts: list[int] = starts, ends: list[int] = ends, low: int = low) -> list[Range]:
            pairs = ((low + bisect_right(ends, s.start), low + bisect_left(starts, s.end)) for s in spans)
            return [p for p in pairs if p[1] > p[0]]

        roles = {x.id: Tagged(*(ranges(x.roles[r]) for r in Tagged._fields)) for x in article.attributed}
        for attributed in article.attributed:
            tagged = roles[attributed.id]
            if not tagged.claim:
                continue
            holders = [t for i, t in roles.items() if i != attributed.id and _holds(t, tagged)]
            depth = min(len(holders), DEPTH)
            if len(holders) > DEPTH:
                continue
            for role in ("claim", "source", "cue"):
                first = 1 + 2 * ROLES.index(role)
                for a, b in getattr(tagged, role):
                    labels[depth][a:b] = first + 1
                    labels[depth][a] = first
            for a, b in tagged.claim:
                if depth < DEPTH and b - a >= SHORTEST:
                    inner[depth + 1].add((a, b))
            where = int(batch.paragraph[tagged.claim[0][0]])
            trees.setdefault((depth, where), []).append(tagged)
    units = [paragraphs(batch)]
    for depth in range(1, DEPTH + 1):
        chosen = sorted(inner[depth])
        units.append(
            Units(np.array([a for a, _ in chosen], np.int32), np.array([b for _, b in chosen], np.int32), depth)
        )
    return units, labels, list(trees.values())


def _holds(outer: Tagged, inner: Tagged) -> bool:
    """Whether an attribution lies inside another's claim, its cue too."""
    if not inner.cue or outer.claim == inner.claim:
        return False
    return all(any(a <= x and y <= b for a, b in outer.claim) for x, y in (*inner.claim, *inner.cue))
