from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allegedly.match import CRITERIA, Extents, Triple, match_mentions, match_triples, share_token
from allegedly.schema import Span
from allegedly.text.tokens import tokens

#: Forty tokens of one character, each followed by a space.
EXTENTS = Extents("a " * 40)


def mention(*spans: tuple[int, int]):
    return EXTENTS.mention(tuple(Span(start=a, end=b) for a, b in spans))


def spans(low: int = 0, high: int = 40):
    edge = st.integers(low, high)
    pair = st.tuples(edge, edge).filter(lambda p: p[0] < p[1])
    one = pair.map(lambda p: (p,))
    two = st.lists(edge, min_size=4, max_size=4, unique=True).map(sorted).map(lambda e: ((e[0], e[1]), (e[2], e[3])))
    return st.one_of(one, two)


role = st.one_of(st.just(()), spans())
triple = st.builds(lambda s, c, k: Triple(mention(*s), mention(*c), mention(*k)), role, role, spans())
side = st.lists(triple, max_size=7, unique_by=lambda t: t.key)


def test_the_swapped_predictions_score_the_same() -> None:
    gold = [mention((0, 5)), mention((6, 10))]
    predicted = [mention((4, 8)), mention((0, 5))]
    assert match_mentions(gold, predicted, lambda a, b: a == b) == [(0, 1)]
    assert match_mentions(gold, predicted[::-1], lambda a, b: a == b) == [(0, 0)]
    assert len(match_mentions(gold, predicted, share_token)) == 2
    assert len(match_mentions(gold, predicted[::-1], share_token)) == 2


@given(side, side, st.randoms(), st.sampled_from(sorted(CRITERIA)))
def test_order_does_not_matter_and_nothing_is_used_twice(gold, predicted, random, criterion) -> None:
    pairs = match_triples(gold, predicted, criterion)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(CRITERIA[criterion](gold[i], predicted[j]) for i, j in pairs)
    g, p = list(gold), list(predicted)
    random.shuffle(g)
    random.shuffle(p)
    again = {(g[i].key, p[j].key) for i, j in match_triples(g, p, criterion)}
    assert again == {(gold[i].key, predicted[j].key) for i, j in pairs}


@given(side, st.sampled_from(sorted(CRITERIA)))
def test_gold_against_itself_is_perfect(gold, criterion) -> None:
    assert match_triples(gold, gold, criterion) == [(n, n) for n in range(len(gold))]


@given(side, side)
def test_exact_matches_are_overlap_matches(gold, predicted) -> None:
    counts = [len(match_triples(gold, predicted, c)) for c in ("exact", "overlap")]
    assert counts[0] <= counts[1]


@given(side, side)
def test_as_many_pairs_as_any_assignment_once_exact_ones_are_set(gold, predicted) -> None:
    """The outside judge: scipy's maximum bipartite matching over what the exact step leaves."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    keys = {t.key for t in gold} & {t.key for t in predicted}
    g, p = [t for t in gold if t.key not in keys], [t for t in predicted if t.key not in keys]
    best = 0
    if g and p:
        graph = csr_matrix(np.array([[CRITERIA["overlap"](a, b) for b in p] for a in g], dtype=int))
        best = int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())
    assert len(match_triples(gold, predicted, "overlap")) == len(keys) + best


@pytest.mark.parametrize(
    ("left", "right", "expected"), [((), (), True), ((), ((0, 3),), False), (((0, 3),), ((2, 9),), True)]
)
def test_empty_matches_only_empty(left, right, expected) -> None:
    assert share_token(mention(*left), mention(*right)) is expected


def test_many_articles_are_linear() -> None:
    chain = [Triple(mention(), mention(), mention((n, n + 3))) for n in range(0, 30, 2)]
    assert len(match_triples(chain, chain[::-1], "overlap")) == len(chain)
    assert all(a.claim.spans < b.claim.spans for a, b in pairwise(chain))


@given(st.text(alphabet="ab1,.’'s “\n—é😀-", max_size=60), st.integers(0, 60), st.integers(1, 30))
def test_tokens_found_around_a_mention_are_those_of_the_text(text, start, length) -> None:
    span = Span(start=min(start, len(text)), end=min(start + length, len(text)) + (start >= len(text)))
    found = Extents(text).mention((span,)).tokens
    assert found == {t.start for t in tokens(text) if t.end > span.start and t.start < span.end}
