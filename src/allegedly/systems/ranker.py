"""Ranker: a claim's source by conditional logistic regression, a softmax over the claim's nearest mentions.

Everything is read off the text and the offsets of claims and mentions. Two passes: the second knows from the first which mention the claim
before and the claim after have, and whether another claim has more right to a mention, for each mention is somebody's source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from allegedly.schema import Article, Spans
from allegedly.systems import lexicon
from allegedly.systems.features import quoted
from allegedly.systems.reading import Words
from allegedly.tasks import Label, Predictions, get_task, linking
from allegedly.text.tokens import surfaces, words

NEAR = 24  # mentions of a claim that are looked at
FAR = 10**6  # tokens
BITS = 15
PENALTY, ROUNDS = 1.0, 30
PRONOUNS = {
    w: n
    for n, some in enumerate(("i we", "you", "he she his her", "it its", "they their", "who"), 1)
    for w in some.split()
}
LEVELS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)

#: Columns that are read together, one weight for each of their joint values.
TEMPLATES = """side gap|side sentences|side turn|side claim_turn|side turn claim_turn|side sentences turn|side sentences gap|deeper higher side gap
deeper higher side turn|side left gap|side right gap|side left_word|side right_word|side claim_left right|side claim_right left
side claim_right_word left_word|side rivals claims|side quotes|side commas|side quotes commas stops|side opens claim_opens paragraphs
side whole cued turn|sentences claim_quoted cued|kind quoted claim_quoted sentences|side kind|side often|title claim_title sentences"""
AGAIN = """first other|first previous next|other previous next|side sentences previous next|claim_quoted sentences previous
claim_quoted cued previous paragraphs|side sentences other|first other best|side turn other|kind previous paragraphs"""


class Grid(NamedTuple):
    """An article's claims, each with its nearest mentions: arrays of claims by mentions, nearest first."""

    ids: list[str]
    order: Any  # the claims as the text has them
    near: Any  # numbers of mentions
    gold: Any
    columns: dict[str, Any]

    def again(self, chances: Any) -> Grid:
        """With the columns of the second pass, from the chances of the first."""
        claims, rows = len(self.near), np.arange(len(self.near))[:, None]
        full = np.zeros((claims + 2, self.near.max() + 1))
        full[rows, self.near] = chances
        top = np.sort(full, axis=0)
        most = np.where(full == top[-1], top[-2], top[-1])[rows, self.near]
        best = self.near[rows[:, 0], chances.argmax(axis=1)]
        ordered = np.r_[-1, best[self.order], -1]
        place = self.order.argsort()
        columns = self.columns | {
            "first": np.digitize(chances, LEVELS),
            "other": np.digitize(most, LEVELS),
            "best": np.digitize(chances.max(axis=1, keepdims=True), LEVELS),
            "previous": ordered[place][:, None] == self.near,
            "next": ordered[place + 2][:, None] == self.near,
        }
        return self._replace(columns=columns)


class Ranker:
    """Ranks the mentions of an article for each of its claims."""

    tasks = ("linking",)

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._first, self._second = Choice(TEMPLATES), Choice(f"{TEMPLATES}|{AGAIN}")

    def fit(self, articles: Sequence[Article]) -> Self:
        """Learn both passes; the second from what the first says of stories that it has not learnt."""
        grids = self._grids(articles)
        stories = sorted({a.story for a, _ in grids})
        halves = [[(a, g) for a, g in grids if stories.index(a.story) % 2 == n] for n in (0, 1)]
        known: list[Grid] = []
        for learnt, asked in (halves, halves[::-1]):
            first = Choice(TEMPLATES).fit([g for _, g in learnt])
            known += [g.again(first.chances(g)) for _, g in asked]
        self._first.fit([g for _, g in grids])
        self._second.fit(known)
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer every item."""
        found = {}
        for _, grid in self._grids(articles):
            chances = self._second.chances(grid.again(self._first.chances(grid)))
            for claim, best in enumerate(chances.argmax(axis=1)):
                label = linking.name(int(grid.near[claim, best]))
                found[grid.ids[claim]] = Label(label, float(chances[claim, best]))
        return found

    def _grids(self, articles: Sequence[Article]) -> list[tuple[Article, Grid]]:
        seen = Words()
        seen.ids([w for a in articles for w in surfaces(a.text, a.tokens)])  # at once: a new word costs a new table
        return [(a, _grid(a, seen)) for a in articles if self._task.items(a)]


class Choice:
    """Logistic regression over the mentions of a claim. Before it is fitted, all are equal, and the nearest is taken."""

    def __init__(self, templates: str) -> None:
        self._templates = [t.split() for line in templates.splitlines() for t in line.split("|")]
        self._weights = np.zeros(1 << BITS, np.float32)

    def fit(self, grids: Sequence[Grid]) -> Self:
        """Learn from the claims whose mention is among their nearest."""
        from scipy.optimize import minimize
        from scipy.sparse import csr_matrix

        kept = [(g, (g.near == g.gold[:, None]).any(axis=1)) for g in grids]
        sizes = np.concatenate([np.full(has.sum(), g.near.shape[1]) for g, has in kept]) if kept else np.zeros(0, int)
        if not sizes.size:
            return self
        index = np.concatenate([self._hashed(g)[has].reshape(-1, len(self._templates)) for g, has in kept])
        right = np.concatenate([(g.near == g.gold[:, None])[has].ravel() for g, has in kept])
        ends = np.arange(0, index.size + 1, len(self._templates))
        x = csr_matrix((np.ones(index.size, np.float32), index.ravel(), ends), shape=(len(index), 1 << BITS))
        starts = np.cumsum(sizes) - sizes

        def loss(weights: Any) -> tuple[float, Any]:
            scores = x @ weights.astype(np.float32)
            odds = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
            chances = odds / np.repeat(np.add.reduceat(odds, starts), sizes)
            missed = -np.log(np.maximum(chances[right], 1e-12)).sum(dtype=float)
            return missed + PENALTY / 2 * weights @ weights, x.T @ (chances - right) + PENALTY * weights

        found = minimize(loss, np.zeros(1 << BITS), jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
        self._weights = found.x.astype(np.float32)
        return self

    def chances(self, grid: Grid) -> Any:
        """The probability of each mention, claims by mentions."""
        scores = self._weights[self._hashed(grid)].sum(axis=2)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def _hashed(self, grid: Grid) -> Any:
        columns = {
            n: np.broadcast_to(c, grid.near.shape).astype(np.int64).astype(np.uint64) for n, c in grid.columns.items()
        }
        hashed = np.empty((*grid.near.shape, len(self._templates)), np.int32)
        for n, names in enumerate(self._templates):
            value = np.full(grid.near.shape, n + 1, np.uint64)
            for name in names:
                value = (value ^ columns[name]) * np.uint64(0x9E3779B97F4A7C15)
                value ^= value >> np.uint64(29)
            hashed[..., n] = value >> np.uint64(20) & np.uint64((1 << BITS) - 1)
        return hashed


class Text:
    """An article's tokens as arrays."""

    def __init__(self, article: Article, seen: Words) -> None:
        self.starts, self.ends = np.array(article.tokens, int).reshape(-1, 2).T
        ids = seen.ids(surfaces(article.text, article.tokens)).astype(np.int64)
        self.table = dict(zip(Words.names, ids.T, strict=True))
        self.sentence = np.searchsorted([s.start for s in article.sentences], self.starts, "right")
        self.paragraph = np.searchsorted(
            np.cumsum([len(line) + 1 for line in article.text.split("\n")]) - 1, self.starts, "right"
        )
        number = np.arange(len(self.starts))
        self.opens, fresh = (np.diff(x, prepend=-1) != 0 for x in (self.sentence, self.paragraph))
        self.opening = self.opens + fresh.astype(int)
        begins = np.flatnonzero(self.opens)
        self.begin, self.end = (x[self.opens.cumsum() - 1] for x in (begins, np.r_[begins[1:], len(number)]))
        self.quoted = quoted(self.table["mark"], np.maximum.accumulate(np.where(fresh, number, 0))).astype(int)
        self.cue = (self.table["cue"] == 1) & (self.quoted == 0)

    def range(self, spans: Spans) -> tuple[int, int]:
        """The tokens from the first span to the last."""
        low = int(np.searchsorted(self.ends, spans[0].start, "right"))
        return low, max(int(np.searchsorted(self.starts, spans[-1].end)), low + 1)

    def at(self, name: str, place: Any) -> Any:
        """A property of tokens that may lie outside the text."""
        return np.r_[1, self.table[name], 1, 1][place + 1]


def _grid(article: Article, seen: Words) -> Grid:
    """What the text says of each claim and its nearest mentions."""
    text, items, mentions = Text(article, seen), linking.items(article), linking.mentions(article)
    claims = [i.attribution.claim.spans for i in items if i.attribution]
    place = {linking.name(n): n for n in range(len(mentions))}
    c0, c1 = np.array([text.range(s) for s in claims]).T
    m0, m1 = np.array([text.range(s) for s in mentions]).T
    gap, a0, a1 = np.full((3, len(claims), len(mentions)), FAR)
    within, over = np.zeros(gap.shape, bool), np.zeros((len(claims), len(claims)), bool)
    for n, spans in enumerate(claims):
        for low, high in (text.range((s,)) for s in spans):
            far = np.maximum(np.maximum(m0 - high, low - m1), 0)
            nearer = far < gap[n]
            gap[n, nearer], a0[n, nearer], a1[n, nearer] = far[nearer], low, high
            within[n] |= (m0 >= low) & (m1 <= high)
            over[n] |= (c0 >= low) & (c1 <= high) & (c1 - c0 < c1[n] - c0[n])
    left, right = (m1 <= a0) & ~within, (m0 >= a1) & ~within
    near = np.argsort(gap + FAR * within, axis=1, kind="stable")[:, :NEAR]
    shared = over.T.astype(int) @ within

    def turn(axis: int) -> Any:
        one, other = (np.where(x, gap, FAR).argsort(axis, kind="stable").argsort(axis) for x in (left, right))
        return _pick(np.where(left, one, np.where(right, other, 9)), near).clip(max=9)

    amid = (m0 >= c0[:, None]) & (m1 <= c1[:, None]) & ~within
    side = _pick(left + 2 * right + 3 * within + 4 * amid, near)
    deeper, higher = (_pick(x - shared, near).clip(0, 3) for x in (within.sum(0), over.sum(0)[:, None]))
    turns = turn(1), turn(0)
    before, after, gap, a0, a1 = (_pick(x, near) for x in (left, right, gap, a0, a1))
    b0, b1 = m0[near], m1[near]
    low, high = np.where(before, b1, a1), np.where(before, a0, np.maximum(b0, a1))
    stop, mark = text.table["stop"], text.table["mark"]

    def between(flag: Any) -> Any:
        total = np.r_[0, np.cumsum(flag)]
        return (total[high] - total[low]).clip(0, 3)

    def starts(places: Any) -> Any:
        return np.diff(np.searchsorted(np.sort(places), (low, high)), axis=0)[0].clip(0, 4)

    said = [article.slice(m) for m in mentions]
    often = Counter(s.split()[-1].lower() for s in said)
    kinds = np.array([_kind(s) for s in said])
    last = text.sentence[a1 - 1]
    sentences = np.where(after, text.sentence[b0] - last, np.where(before, text.sentence[b0] - text.sentence[a0], 0))
    cues = np.r_[0, np.cumsum(text.cue)]
    begin, end = text.begin[c0], text.end[c1 - 1]
    claim = {
        "claim_opens": text.opening[c0] + 3 * text.opens[c0 - 1] * (c0 > 0),
        "claim_quoted": text.quoted[c0],
        "claim_title": text.paragraph[c0] == 0,
        "cued": (cues[end] - cues[begin]).clip(max=2),
        "whole": (c0 - begin <= 1) & (end - c1 <= 3),
    }
    columns = {name: column[:, None] for name, column in claim.items()} | {
        "side": side, "gap": _bucket(gap), "sentences": sentences.clip(-5, 3), "turn": turns[0], "claim_turn": turns[1],
        "paragraphs": (text.paragraph[b0] - text.paragraph[a0]).clip(-4, 3), "deeper": deeper, "higher": higher,
        "left": text.at("class", b0 - 1), "right": text.at("class", b1), "left_word": text.at("lower", b0 - 1), "right_word": text.at("lower", b1),
        "claim_left": text.at("class", a0 - 1), "claim_right": text.at("class", a1), "claim_right_word": text.at("lower", a1),
        "rivals": starts(m0), "claims": starts(c0), "commas": between((stop == 1) & (text.quoted == 0)),
        "stops": between(np.isin(stop, (2, 3, 5, 6))), "quotes": between((mark > 0) & (mark < 4)),
        "opens": text.opening[b0], "quoted": text.quoted[b0], "title": text.paragraph[b0] == 0,
        "kind": kinds[near], "often": np.array([min(often[s.split()[-1].lower()], 3) for s in said])[near],
    }  # fmt: skip
    return Grid(
        [i.id for i in items],
        c0.argsort(kind="stable"),
        near,
        np.array([place.get(i.answer, -1) for i in items]),
        columns,
    )


def _pick(full: Any, near: Any) -> Any:
    return np.take_along_axis(np.asarray(full), near, axis=1)


def _bucket(distance: Any) -> Any:
    return np.where(distance < 5, distance, 3 + np.log2(np.maximum(distance, 1)).astype(int))


def _kind(mention: str) -> int:
    """A class of pronouns, else whether a name is in it."""
    named = any(w[:1].isupper() and w.lower() not in lexicon.DETERMINERS for w in words(mention))
    return PRONOUNS.get(mention.lower(), 7 + named)
