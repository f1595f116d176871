"""`crf`: the same twice, the same after saving, within its size; its short cuts against what they stand for."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allegedly.store import open_corpus
from allegedly.systems.crf import Crf
from allegedly.systems.linker import _choose
from allegedly.systems.tagger import ILLEGAL, ILLEGAL_FIRST, N, Tagger

ROOT = Path(__file__).parents[2]


def test_two_fits_of_one_seed_and_a_saved_model_answer_alike(tmp_path) -> None:
    corpus = open_corpus(ROOT)
    training, scored = (
        corpus.annotated("train")[:6],
        [a.with_attributions(()) for a in corpus.annotated("validation")[:3]],
    )
    one, two = (Crf("extraction", 0).fit(training) for _ in range(2))
    assert one.predict(scored) == two.predict(scored)
    alone = {a.id: one.predict([a])[a.id] for a in scored}
    assert alone == one.predict(scored[::-1])  # an article is answered alike in any company
    one.save(tmp_path)
    assert Crf.load(tmp_path).predict(scored) == one.predict(scored)
    assert sum(f.stat().st_size for f in tmp_path.iterdir()) < 10_000_000


def legal(labels: tuple[int, ...]) -> bool:
    return not ILLEGAL_FIRST[labels[0]] and not any(ILLEGAL[a, b] for a, b in pairwise(labels))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_decoding_finds_the_best_of_all_legal_labellings(lengths: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    tagger = Tagger(4, start=(0.5, -0.5, 0.25))
    tagger.transitions, tagger.first = random.normal(size=(N, N)), random.normal(size=N)
    scores = random.normal(size=(sum(lengths), N)).astype(np.float32)
    found = tagger.decode(scores, np.array(lengths))
    at = 0
    for length in lengths:
        own = scores[at : at + length] + tagger._bonus

        def worth(labels: tuple[int, ...], own: Any = own) -> float:
            moves = sum(tagger.transitions[a, b] for a, b in pairwise(labels))
            return float(tagger.first[labels[0]] + moves + sum(own[i, y] for i, y in enumerate(labels)))

        best = max(filter(legal, product(range(N), repeat=length)), key=worth)
        assert worth(tuple(found[at : at + length].tolist())) == pytest.approx(worth(best), abs=1e-4)
        at += length


def test_scores_are_the_sums_of_the_weights_of_each_tokens_features() -> None:
    random = np.random.default_rng(0)
    tagger = Tagger(6)
    tagger.weights[:] = random.normal(size=tagger.weights.shape)
    features = random.integers(0, 64, (9, 5)).astype(np.int32)
    np.testing.assert_allclose(tagger.scores(features.T, 9), tagger.weights[features].sum(1), rtol=1e-5, atol=1e-6)
    assert tagger.scores(np.zeros((5, 0), np.int32), 0).shape == (0, N)


@given(
    st.lists(st.floats(-12, 8).map(lambda x: round(x, 3)), min_size=1, max_size=5, unique=True),
    st.booleans(),
    st.sampled_from((-1.0, -2.0, -6.0)),
    st.sampled_from((-1.0, -3.0, -10.0)),
)
def test_one_stretch_on_a_side_is_linked_as_among_many(
    odds: list[float], turned: bool, least: float, left_over: float
) -> None:
    """The short cut gives what the assignment gives, where a stretch is added on either side that nobody is near."""
    one, many, far = (0, 1), [(10 * n, 10 * n + 1) for n in range(1, len(odds) + 1)], (900, 901)
    left, right = (many, [one]) if turned else ([one], many)
    table = {((m, one) if turned else (one, m)): x for m, x in zip(many, odds, strict=True)}
    short = _choose(left, right, table, least, left_over)
    long = _choose([*left, far], [*right, far], table, least, left_over)
    assert short == {a: b for a, b in long.items() if far not in (a, b)}
