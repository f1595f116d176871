"""The cache of runs: a hit answers the same, and a change of anything that matters is a miss."""

from __future__ import annotations

import pytest

from allegedly import runs
from allegedly.benchmark import Fitted, run
from allegedly.evaluation import protocol
from allegedly.schema import AllegedlyError
from allegedly.store import Corpus
from allegedly.tasks import get_task


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_hit_answers_the_same_and_fits_nothing(corpus_folder, monkeypatch) -> None:
    corpus = Corpus(corpus_folder)
    chosen = protocol(corpus)
    for task in map(get_task, ("extraction", "stance", "linking")):
        system = "nearest" if task.name == "linking" else "rules"
        first = Fitted(system, chosen).predict(task)
        monkeypatch.setattr(Fitted, "_system", None)
        assert Fitted(system, chosen).predict(task).predictions == first.predictions
        monkeypatch.undo()
        monkeypatch.setenv("XDG_CACHE_HOME", str(corpus_folder.parent / "cache"))


KEY = ("toy", "train", "rules", "stance", 0)


@pytest.mark.parametrize("position", range(5))
def test_each_part_of_the_key_counts(position) -> None:
    other = ("tay", "test", "linear", "extraction", 1)
    changed = (*KEY[:position], other[position], *KEY[position + 1 :])
    assert runs.key(*changed).digest != runs.key(*KEY).digest
    assert runs.key(*KEY).digest == runs.key(*KEY).digest


def test_code_and_packages_count(monkeypatch) -> None:
    before = runs.key(*KEY).digest
    monkeypatch.setattr(runs, "code", lambda: "other")
    assert runs.key(*KEY).digest != before
    monkeypatch.undo()
    monkeypatch.setattr(runs, "version", lambda name: "0")
    assert runs.key(*KEY).digest != before


def test_a_system_of_ones_own_is_known_by_its_bytes(tmp_path, monkeypatch) -> None:
    from allegedly.systems import spec

    monkeypatch.syspath_prepend(tmp_path)
    body = "from allegedly.systems.majority import Majority\nclass Mine(Majority):\n    pass\n"
    (tmp_path / "my_systems.py").write_text(body)
    first = spec("my_systems:Mine")
    (tmp_path / "my_systems.py").write_text(body + "# changed\n")
    assert spec("my_systems:Mine") != first
    assert spec("rules") == "allegedly.systems.rules:Rules"
    with pytest.raises(AllegedlyError):
        spec("my_systems:Nobody")


def test_a_broken_run_is_a_miss(corpus_folder, cache) -> None:
    corpus = Corpus(corpus_folder)
    before = run(corpus, ["rules"], ["stance"], draws=20)
    (kept,) = cache.rglob("*.jsonl.gz")
    kept.write_bytes(b"broken")
    after = run(corpus, ["rules"], ["stance"], draws=20)
    assert before[0].scores == after[0].scores
    assert kept.read_bytes() != b"broken"
