"""`crf`: the same twice, the same after saving, within its size."""

from __future__ import annotations

from pathlib import Path

from allegedly.store import open_corpus
from allegedly.systems.crf import Crf

ROOT = Path(__file__).parents[2]


def test_two_fits_of_one_seed_and_a_saved_model_answer_alike(tmp_path) -> None:
    corpus = open_corpus(ROOT)
    training, scored = (
        corpus.annotated("train")[:6],
        [a.with_attributions(()) for a in corpus.annotated("validation")[:3]],
    )
    one, two = (Crf("extraction", 0).fit(training) for _ in range(2))
    assert one.predict(scored) == two.predict(scored)
    one.save(tmp_path)
    assert Crf.load(tmp_path).predict(scored) == one.predict(scored)
    assert sum(f.stat().st_size for f in tmp_path.iterdir()) < 10_000_000
