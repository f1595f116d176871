"""Results are appended, kept with their predictions, and never ranked across corpora or scorers."""

from __future__ import annotations

import pytest

from allegedly.benchmark import run
from allegedly.evaluation import protocol
from allegedly.results import (
    MixedResultsError,
    append,
    comparable,
    current,
    kept_predictions,
    latest,
    read,
    submitted,
)
from allegedly.scoring.statistics import holm
from allegedly.store import Corpus
from allegedly.tasks import Label, get_task
from conftest import annotated, write_corpus
from test_cli import run as cli

STANCE = get_task("stance")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def corpus(tmp_path) -> Corpus:
    """Four stories of training, two held out."""
    articles = [annotated(f"a{n:04}", f"s{n}", split="train" if n < 5 else "test") for n in range(1, 7)]
    return Corpus(write_corpus(tmp_path / "toy", articles))


class Stumbles:
    """Answers assert, but falls over one article."""

    tasks = ("stance",)

    def __init__(self, task: str, seed: int = 0) -> None:
        pass

    def fit(self, articles):
        return self

    def predict(self, articles):
        if any(a.id == "a0005" for a in articles):
            raise RuntimeError("too steep")
        return {i.id: Label("assert") for a in articles for i in STANCE.items(a)}


def test_rows_are_appended_once_and_predictions_score_the_same_again(corpus) -> None:
    home = corpus.path("benchmarks")
    first = run(corpus, ["rules", "majority"], ["stance", "extraction"], home=home, draws=50)
    assert append(first, home) == 4
    assert append(run(corpus, ["rules", "majority"], ["stance", "extraction"], home=home, draws=50), home) == 0
    before = (home / "results.jsonl").read_bytes()
    assert append(run(corpus, ["cue-only"], ["stance"], home=home, draws=50), home) == 1
    assert (home / "results.jsonl").read_bytes().startswith(before)
    for row in read(home):
        task = get_task(row.task)
        again = kept_predictions(home, row, task, corpus.annotated("test"))
        assert run(corpus, [row.system], [row.task], draws=50)[0].scores == row.scores
        assert set(again) == {i.id for a in corpus.annotated("test") for i in task.items(a)} if task.labels else again
    done = cli("results", "--rescore", "--corpus", str(corpus.root))
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().count("as stated") == 5


def test_a_changed_prediction_file_is_noticed(corpus) -> None:
    home = corpus.path("benchmarks")
    (row,) = run(corpus, ["rules"], ["stance"], home=home, draws=50)
    path = home / "predictions" / row.predictions.split()[0]
    path.write_bytes(b"other")
    with pytest.raises(MixedResultsError, match="not the file that was scored"):
        kept_predictions(home, row, STANCE, corpus.annotated("test"))


def test_another_corpus_or_scorer_is_refused_with_both_named(corpus) -> None:
    one, two = run(corpus, ["rules", "majority"], ["stance"], draws=50)
    comparable([one, two])
    changed = one.signature.replace("toy-1.0", "toy-1.1")
    with pytest.raises(MixedResultsError, match=r"(?s)different corpus.*toy-1\.0.*toy-1\.1"):
        comparable([two, one.model_copy(update={"signature": changed})])
    newer = one.model_copy(update={"signature": one.signature.replace("|v:", "|v:9.")})
    with pytest.raises(MixedResultsError, match="scorer version"):
        comparable([two, newer])
    assert current([one, newer, two.model_copy(update={"signature": changed})], corpus.label) == []
    assert current([newer, one], corpus.label) == [one]
    assert latest([one, two, one.model_copy(update={"when": "later"})])[-1].when == "later"


def test_a_system_that_raises_on_one_article_answers_the_others(corpus) -> None:
    (row,) = run(corpus, ["test_results:Stumbles"], ["stance"], draws=50)
    assert row.failed == ("a0005: RuntimeError: too steep",)
    assert row.missing == 8
    assert row.scores["F1(assert)"].value > 0


def test_a_submitted_file_is_ranked_beside_the_systems(corpus, tmp_path) -> None:
    lines = [f'{{"id":"{i.id}","stance":"{i.answer}"}}' for a in corpus.annotated("test") for i in STANCE.items(a)]
    (tmp_path / "mine.jsonl").write_text("\n".join(lines))
    arguments = ("benchmark", "-c", str(corpus.root), "--out", str(tmp_path / "out"), "-t", "stance", "-s", "rules")
    done = cli(*arguments, "--submit", f"mine={tmp_path / 'mine.jsonl'}")
    assert done.returncode == 0, done.stderr
    rows = {r.system: r for r in read(tmp_path / "out")}
    assert rows["mine"].scores["StanceF1"].value == 1.0
    assert submitted(tmp_path / "out", STANCE, protocol(corpus), ["rules"]).keys() == {"mine"}
    refused = cli("benchmark", "-c", str(corpus.root), "--submit", "mine=x")
    assert refused.returncode == 2
    assert "one --task" in refused.stderr.decode()


def test_less_training_and_another_corpus(corpus, tmp_path) -> None:
    whole, part = protocol(corpus), protocol(corpus, fraction=0.5)
    assert len(part.folds[0][0]) == 2
    assert set(protocol(corpus, fraction=0.25).articles) == set(whole.articles)
    inside = {a.id for a in protocol(corpus, fraction=0.25).folds[0][0]}
    assert inside < {a.id for a in part.folds[0][0]}
    other = Corpus(write_corpus(tmp_path / "other", [annotated("b0001", "t1")]))
    crossed = protocol(corpus, train=other)
    assert [a.id for a in crossed.folds[0][0]] == ["b0001"]
    assert crossed.articles == whole.articles
    assert {whole.train, part.train, crossed.train} == {whole.train} | {part.train} | {crossed.train}
    assert len({whole.train, part.train, crossed.train}) == 3
    rows = run(corpus, ["cue-only"], ["stance"], train=other, draws=50)
    assert rows[0].train == crossed.train


def test_several_at_a_time_is_the_same_as_one(corpus) -> None:
    names = ["rules", "majority", "cue-only", "random"]
    one, more = (run(corpus, names, ["stance"], draws=50, jobs=n) for n in (1, 2))
    assert [r.model_dump(exclude={"seconds"}) for r in one] == [r.model_dump(exclude={"seconds"}) for r in more]


def test_holm_by_hand() -> None:
    """Smallest times three, the next times two and not below it, the last as it is and not below that."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
