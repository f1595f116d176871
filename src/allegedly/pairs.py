"""The pairs of `disputes`, made from positions: same, opposed and unrelated, most of them across articles.

Same and unrelated pairs are chosen to share as many words as the opposed ones do, so that word overlap alone tells little.
Deterministic; the result is frozen in `corpus/pairs.jsonl`.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from allegedly.matrix import holds, relayers
from allegedly.schema import CANARY, Article, Attribution, Pair, Relation, Story
from allegedly.text.tokens import words

ACROSS = 2 / 3  # share of the pairs that should stand in two articles


class Held(NamedTuple):
    """An attribution with what its source holds (True) or rejects (False)."""

    article: Article
    attribution: Attribution
    positions: dict[str, bool]

    @property
    def reference(self) -> str:
        """The attribution as pairs name it, `article/attribution`."""
        return f"{self.article.id}/{self.attribution.id}"

    @property
    def words(self) -> set[str]:
        """The words of its claim, in lower case."""
        return {w.lower() for w in words(self.article.slice(self.attribution.claim.spans)) if w[0].isalnum()}


def pairs(story: Story, articles: Sequence[Article], most: int) -> list[Pair]:
    """At most `most` pairs of each relation, two thirds across articles where there are as many; sorted by id."""
    every = list(held(articles))
    excludes = {p.id: set(p.excludes) for p in story.propositions}
    found: dict[Relation, list[tuple[Held, Held]]] = {"same": [], "opposed": [], "unrelated": []}
    for left, right in itertools.combinations(every, 2):
        relation = relation_of(left, right, excludes)
        if relation:
            found[relation].append((left, right))
    opposed = _spread(found["opposed"], most)
    chosen: list[tuple[Relation, tuple[Held, Held]]] = [("opposed", pair) for pair in opposed]
    others: tuple[tuple[Relation, list[tuple[Held, Held]]], ...] = (
        ("same", _spread(found["same"], 4 * most)),
        ("unrelated", found["unrelated"]),
    )
    for relation, pool in others:
        for across in (True, False):
            like = [pair for pair in opposed if _across(pair) == across]
            chosen += [(relation, pair) for pair in _alike([p for p in pool if _across(p) == across], like, len(like))]
    return sorted((_record(story, relation, *pair) for relation, pair in chosen), key=lambda p: p.id)


def held(articles: Sequence[Article]) -> Iterator[Held]:
    """The attributions whose source holds or rejects a proposition."""
    for article in articles:
        by_id = {a.id: a for a in article.attributions}
        for attribution in article.attributed:
            positions = dict(holds(attribution, by_id))
            if positions:
                yield Held(article, attribution, positions)


def relation_of(left: Held, right: Held, excludes: dict[str, set[str]]) -> Relation | None:
    """How two attributions stand to each other; None where it is mixed, or one relays the other."""
    if left.article.id == right.article.id:
        by_id = {a.id: a for a in left.article.attributions}
        one, other = left.attribution, right.attribution
        if one in relayers(other, by_id) or other in relayers(one, by_id) or one.claim == other.claim:
            return None
    shared = [left.positions[p] == right.positions[p] for p in left.positions.keys() & right.positions.keys()]
    clash = any(
        mine and theirs and b in excludes.get(a, ())
        for a, mine in left.positions.items()
        for b, theirs in right.positions.items()
    )
    if not shared:
        return "opposed" if clash else "unrelated"
    if all(shared):
        return None if clash else "same"
    return None if any(shared) else "opposed"


def _across(pair: tuple[Held, Held]) -> bool:
    """Whether a pair stands in two articles."""
    return pair[0].article.id != pair[1].article.id


def _alike(some: Sequence[tuple[Held, Held]], like: Sequence[tuple[Held, Held]], most: int) -> list[tuple[Held, Held]]:
    """Of some pairs, as many whose claims overlap in words as those of other pairs do: for each of those the nearest, once."""
    left = sorted(some, key=lambda p: (_overlap(*p), p[0].reference, p[1].reference))
    values = [_overlap(*p) for p in left]
    wanted = sorted((_overlap(*p) for p in like), reverse=True)
    step = max(1.0, len(wanted) / max(most, 1))
    chosen = []
    for number in range(min(most, len(wanted))):
        if not left:
            break
        value = wanted[int(number * step)]
        at = min(range(len(left)), key=lambda n: abs(values[n] - value))
        chosen.append(left.pop(at))
        values.pop(at)
    return chosen


def _overlap(left: Held, right: Held) -> float:
    """Shared words over all words of two claims."""
    return len(left.words & right.words) / max(len(left.words | right.words), 1)


def _spread(some: Sequence[tuple[Held, Held]], most: int) -> list[tuple[Held, Held]]:
    """A choice without favour: by hash, across articles first, no attribution more than a few times."""
    across = [p for p in some if _across(p)]
    within = [p for p in some if not _across(p)]
    ordered = [sorted(part, key=lambda p: _order(p[0].reference, p[1].reference)) for part in (across, within)]
    first = _take(ordered[0], most)
    kept = first[: max(round(most * ACROSS), most - len(ordered[1]))]
    return kept + _take(ordered[1], min(most - len(kept), max(1, round(len(kept) * (1 - ACROSS) / ACROSS))))


def _take(some: Sequence[tuple[Held, Held]], most: int) -> list[tuple[Held, Held]]:
    """The first ones, an attribution at most three times while others are left."""
    used: dict[str, int] = {}
    kept, rest = [], []
    for pair in some:
        names = [h.reference for h in pair]
        if all(used.get(n, 0) < 3 for n in names):
            kept.append(pair)
            for n in names:
                used[n] = used.get(n, 0) + 1
        else:
            rest.append(pair)
    return (kept + rest)[:most]


def _order(left: str, right: str) -> str:
    return hashlib.sha256(f"{left} {right}".encode()).hexdigest()


def _record(story: Story, relation: Relation, left: Held, right: Held) -> Pair:
    one, other = sorted((left.reference, right.reference))
    name = f"{one}-{other}".replace("/", ".")
    return Pair(id=name, story=story.id, left=one, right=other, relation=relation, canary=CANARY)
