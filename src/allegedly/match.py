"""The one matcher: exact first, then a one-to-one assignment of maximum weight. Scoring, agreement and views use it.

The result does not depend on the order of either side. Nothing is matched twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from allegedly.schema import Attribution, Spans
from allegedly.text.tokens import spans as token_spans

T = TypeVar("T")
Extent = tuple[tuple[int, int], ...]


class Mention:
    """A role's spans as plain numbers, ready to be compared; two are equal where their spans are. Tokens are found when asked for."""

    __slots__ = ("_text", "_tokens", "length", "spans")

    def __init__(self, spans: Extent, text: str) -> None:
        self.spans = spans
        self.length = sum([end - start for start, end in spans])
        self._text = text
        self._tokens: frozenset[int] | None = None

    @property
    def tokens(self) -> frozenset[int]:
        """Where the tokens begin that the spans touch. No token crosses white space, so each is found from the words around."""
        if self._tokens is None:
            text = self._text
            found: set[int] = set()
            for start, end in self.spans:
                low, high = start, end
                while low > 0 and not text[low - 1].isspace():
                    low -= 1
                while high < len(text) and not text[high].isspace():
                    high += 1
                found.update([low + a for a, b in token_spans(text[low:high]) if low + b > start and low + a < end])
            self._tokens = frozenset(found)
        return self._tokens

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mention) and self.spans == other.spans

    def __hash__(self) -> int:
        return hash(self.spans)


class Triple(NamedTuple):
    """An attribution's three roles, ready to be compared."""

    source: Mention
    cue: Mention
    claim: Mention

    @property
    def key(self) -> tuple[Extent, Extent, Extent]:
        """What must be equal for an exact match."""
        return (self.claim.spans, self.cue.spans, self.source.spans)


class Extents:
    """Turns spans into mentions of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[Extent, Mention] = {}

    def mention(self, spans: Spans) -> Mention:
        """A role's mention; touching or overlapping spans are merged, order does not matter."""
        key = tuple([(s.start, s.end) for s in spans])
        if key not in self._known:
            self._known[key] = Mention(_merge(key), self._text)
        return self._known[key]

    def triple(self, attribution: Attribution) -> Triple:
        """An attribution's roles."""
        return Triple(
            self.mention(attribution.source.spans),
            self.mention(attribution.cue.spans),
            self.mention(attribution.claim.spans),
        )


def _merge(spans: Extent) -> Extent:
    if len(spans) < 2:
        return spans
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def jaccard(left: Mention, right: Mention) -> float:
    """Shared characters over all characters, 0 to 1."""
    shared = 0
    for a, b in left.spans:
        for c, d in right.spans:
            if a < d and c < b:
                shared += min(b, d) - max(a, c)
    union = left.length + right.length - shared
    return shared / union if union else 0.0


def share_token(left: Mention, right: Mention) -> bool:
    """Whether two mentions share a token; an empty one matches only an empty one."""
    return left.spans == right.spans or not left.tokens.isdisjoint(right.tokens)


def share_half(left: Mention, right: Mention) -> bool:
    """Whether at least half of the larger mention's tokens are shared; empty matches only empty."""
    larger = max(len(left.tokens), len(right.tokens), 1)
    return left.spans == right.spans or 2 * len(left.tokens & right.tokens) >= larger


def exact(left: Triple, right: Triple) -> bool:
    """All spans equal."""
    return left == right


def overlap(left: Triple, right: Triple) -> bool:
    """Claims with character Jaccard of at least one half; sources share a token; cues share a token."""
    return (
        share_token(left.cue, right.cue)
        and share_token(left.source, right.source)
        and jaccard(left.claim, right.claim) >= 0.5
    )


def triple50(left: Triple, right: Triple) -> bool:
    """Every role's tokens share at least half of the larger."""
    return all(share_half(a, b) for a, b in zip(left, right, strict=True))


CRITERIA: dict[str, Callable[[Triple, Triple], bool]] = {"exact": exact, "overlap": overlap, "triple50": triple50}


def similarity(left: Triple, right: Triple) -> float:
    """How alike two attributions are, 0 to 3: the sum of the roles' character Jaccards."""
    return sum(1.0 if not a.spans and not b.spans else jaccard(a, b) for a, b in zip(left, right, strict=True))


def match(
    gold: Sequence[T],
    predicted: Sequence[T],
    *,
    key: Callable[[T], Hashable],
    allowed: Callable[[T, T], bool],
    weight: Callable[[T, T], float],
) -> list[tuple[int, int]]:
    """Match two lists one to one; returns index pairs (gold, predicted), sorted.

    Items of equal `key` are matched first. Of what is left, the assignment over `allowed` pairs has as many pairs as
    possible and, among those, the greatest sum of `weight`. `key` must sort and be unique on each side for the result
    to be free of order; duplicates are refused where data enters.
    """
    pairs: list[tuple[int, int]] = []
    by_key: dict[Hashable, list[int]] = {}
    for j, item in enumerate(predicted):
        by_key.setdefault(key(item), []).append(j)
    for i, item in enumerate(gold):
        if same := by_key.get(key(item)):
            pairs.append((i, same.pop(0)))
    used_gold, used_predicted = {i for i, _ in pairs}, {j for _, j in pairs}
    left = sorted((i for i in range(len(gold)) if i not in used_gold), key=lambda i: (key(gold[i]), i))
    right = sorted((j for j in range(len(predicted)) if j not in used_predicted), key=lambda j: (key(predicted[j]), j))
    weights = {
        (a, b): weight(gold[i], predicted[j])
        for a, i in enumerate(left)
        for b, j in enumerate(right)
        if allowed(gold[i], predicted[j])
    }
    pairs += [(left[a], right[b]) for a, b in _assign(weights)]
    return sorted(pairs)


def _assign(weights: dict[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Maximum-cardinality, then maximum-weight assignment, component by component."""
    rows: dict[int, list[int]] = {}
    columns: dict[int, list[int]] = {}
    for a, b in weights:
        rows.setdefault(a, []).append(b)
        columns.setdefault(b, []).append(a)
    done: list[tuple[int, int]] = []
    seen: set[int] = set()
    for first in sorted(rows):
        if first in seen:
            continue
        members, others, todo = {first}, set(), [first]
        while todo:
            for b in rows[todo.pop()]:
                if b not in others:
                    others.add(b)
                    todo += [a for a in columns[b] if a not in members]
                    members.update(columns[b])
        seen |= members
        done += _solve(sorted(members), sorted(others), weights)
    return done


def _solve(rows: list[int], columns: list[int], weights: dict[tuple[int, int], float]) -> list[tuple[int, int]]:
    if len(rows) == 1 or len(columns) == 1:
        best = max((weights[a, b], -a, -b) for a in rows for b in columns if (a, b) in weights)
        return [(-best[1], -best[2])]
    from scipy.optimize import linear_sum_assignment

    # One pair more must outweigh any gain in similarity, which is at most 3 a pair.
    base = 4.0 * min(len(rows), len(columns))
    matrix = np.zeros((len(rows), len(columns)))
    for (x, a), (y, b) in ((p, q) for p in enumerate(rows) for q in enumerate(columns)):
        if (a, b) in weights:
            matrix[x, y] = base + weights[a, b]
    chosen = linear_sum_assignment(matrix, maximize=True)
    return [(rows[x], columns[y]) for x, y in zip(*chosen, strict=True) if (rows[x], columns[y]) in weights]


def match_triples(gold: Sequence[Triple], predicted: Sequence[Triple], criterion: str) -> list[tuple[int, int]]:
    """Match attributions by `exact`, `overlap` or `triple50`; index pairs (gold, predicted)."""
    allowed = CRITERIA[criterion]
    if allowed is exact:  # the exact step of `match` finds them all
        return match(gold, predicted, key=lambda t: t.key, allowed=lambda a, b: False, weight=similarity)
    return match(gold, predicted, key=lambda t: t.key, allowed=allowed, weight=similarity)


def match_mentions(
    gold: Sequence[Mention], predicted: Sequence[Mention], allowed: Callable[[Mention, Mention], bool]
) -> list[tuple[int, int]]:
    """Match one role's mentions; index pairs (gold, predicted)."""
    return match(gold, predicted, key=lambda m: m.spans, allowed=allowed, weight=jaccard)
