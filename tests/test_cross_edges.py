"""Benchmarks across corpora, imports, exports and kept models where something is missing, broken or named twice."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from allegedly import cli, cross, formats, models, runs
from allegedly.formats import Imported, ImportFailedError
from allegedly.formats.items import read_items
from allegedly.schema import CANARY, CorpusRecord, Pair
from allegedly.store import Corpus
from allegedly.systems import get_system
from conftest import TEXT, annotated, make_article
from conftest import write_corpus as toy

SYSTEMS = """
class Choosy:
    tasks = ("extraction",)
    def __init__(self, task, seed=0): pass
    def fit(self, articles): return self
    def predict(self, articles):
        if any(a.id in self.bad for a in articles):
            raise ZeroDivisionError("that article")
        return {a.id: () for a in articles}
    bad = ("a1",)
class Nowhere(Choosy):
    bad = ("b0", "b1", "b2")
class Never(Choosy):
    def fit(self, articles): raise RuntimeError("never fits")
"""


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """The command line in this process, with caches of its own: exit status, standard output, standard error."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "odd_systems.py").write_text(SYSTEMS)

    def call(*arguments: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["allegedly", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (ended.value.code, *capsys.readouterr())

    return call


@pytest.fixture
def corpora(tmp_path) -> tuple[Path, Path]:
    made = []
    for letter in "ab":
        articles = [annotated(f"{letter}{n}", story=f"s{n}", split="test") for n in range(3)]
        made.append(toy(tmp_path / letter / "corpus-folder", articles))
    return made[0], made[1]


def across(run, corpora, *more: object) -> tuple[object, str, str]:
    one, two = corpora
    return run("benchmark", "-t", "extraction", "-j", 1, "-c", f"one={one}", "-c", f"two={two}", *more)


# ---------------------------------------------------------------- across corpora


def test_two_corpora_of_one_name_are_refused(run, corpora) -> None:
    one, two = corpora
    status, _, said = run("benchmark", "-s", "rules", "-c", one, "-c", two)
    assert status == 2
    assert "NAME=PATH" in said


def test_a_corpus_that_is_the_working_folder_has_a_name(run, corpora, monkeypatch) -> None:
    monkeypatch.chdir(corpora[0])
    status, shown, _ = run(
        "benchmark", "-s", "rules", "-t", "extraction", "-j", 1, "-c", ".", "-c", f"two={corpora[1]}"
    )
    assert status == 0
    assert "corpus-folder" in shown


@pytest.mark.parametrize("option", [("--seeds", 2), ("--train-fraction", 0.5), ("--out", "x"), ("--submit", "a=b")])
def test_options_for_one_corpus_are_refused_with_several(run, corpora, option) -> None:
    status, _, said = across(run, corpora, "-s", "rules", *option)
    assert status == 2
    assert option[0] in said


def test_a_system_that_fails_leaves_a_gap_and_is_said(run, corpora) -> None:
    systems = ("-s", "rules", "-s", "odd_systems:Nowhere", "-s", "odd_systems:Never")
    status, shown, said = across(run, corpora, *systems)
    assert status == 0
    (row,) = [line for line in shown.splitlines() if "Nowhere" in line]
    assert row.count("–") == 1
    assert "[" in row  # and a score on the other corpus
    assert "two: left out: odd_systems:Nowhere raised SystemUseError" in said
    assert "one: left out: odd_systems:Never raised RuntimeError: never fits" in said
    assert across(run, corpora, "-s", "odd_systems:Never")[0] == 1


def test_a_system_that_raises_on_some_articles_is_said(run, corpora) -> None:
    status, _, said = across(run, corpora, "-s", "odd_systems:Choosy")
    assert status == 0
    assert "one: warning: odd_systems:Choosy raised on extraction a1: ZeroDivisionError" in said


def test_a_mistake_of_the_users_is_no_gap(run, corpora) -> None:
    for mistake in (("-s", "ruls"), ("-s", "rules", "--split", "validation")):
        status, _, said = across(run, corpora, *mistake)
        assert status == 2
        assert "error: " in said


# ---------------------------------------------------------------- item sets


def debate(folder: Path, name: str, lines: int = 6) -> None:
    rows = [f"{n}\tX\tTaxes fell by {n} per cent again.\t{n % 2}" for n in range(lines)]
    (folder / f"{name}.tsv").write_text("\n".join([*rows, *("broken" for _ in range(7)), ""]))


def test_an_item_set_of_one_group_is_refused(tmp_path) -> None:
    debate(tmp_path, "one")
    with pytest.raises(ImportFailedError, match="two groups"):
        cross.score_items(f"checkthat={tmp_path}")


def test_an_item_set_with_nothing_to_learn_is_refused(tmp_path) -> None:
    for name in ("one", "two"):
        debate(tmp_path, name, 1)
    with pytest.raises(ImportFailedError, match="too few to learn from"):
        cross.score_items(f"checkthat={tmp_path}")


def test_what_an_item_set_leaves_out_is_said_with_its_reason(run, tmp_path) -> None:
    for name in ("one", "two"):
        debate(tmp_path, name)
    skipped = read_items("checkthat", tmp_path).skipped
    status, shown, said = run("benchmark", "-c", f"checkthat={tmp_path}")
    assert status == 0
    assert "14 left out" in shown
    assert said.count("expected four columns") == 5
    assert f"left out: {skipped[0].path}:7: expected four columns (broken)" in said
    assert "left out: 9 more" in said


# ---------------------------------------------------------------- kept models


@pytest.fixture
def kept(monkeypatch, tmp_path, corpus_folder):
    """A trained model's folder, and how to ask for it again."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    corpus = Corpus(corpus_folder)
    models.trained("linear", corpus)
    (folder,) = (tmp_path / "cache" / "allegedly" / "models").iterdir()
    return folder, lambda: models.trained("linear", corpus)


@pytest.mark.parametrize("length", [0, 700, -1])
def test_a_model_that_was_cut_off_is_fitted_again(kept, length) -> None:
    folder, again = kept
    weights = folder / "weights.npz"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:length])
    again()
    assert len(weights.read_bytes()) == len(whole)


def test_a_model_of_other_code_is_not_used(kept, monkeypatch) -> None:
    folder, again = kept
    monkeypatch.setattr(runs, "code", lambda: "other")
    again()
    assert len(list(folder.parent.iterdir())) == 2


@pytest.mark.parametrize("name", ["align", "embed", "overlap"])
def test_training_articles_without_attributions(name) -> None:
    relations = ("same", "opposed", "unrelated")
    article = make_article()
    pairs = tuple(
        Pair(id=f"p{n}", story="s1", left="a0001/x", right="a0001/y", relation=relations[n % 3], canary=CANARY)
        for n in range(6)
    )
    for training in (replace(article, pairs=pairs), replace(annotated(), pairs=pairs)):
        found = get_system(name, "disputes").fit([training]).predict([replace(article, pairs=pairs)])
        assert set(found) == {p.id for p in pairs}


# ---------------------------------------------------------------- import and export


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (("--layer", "nope"), "no layer 'nope'; there is annotator-1"),
        (("--split", "dev"), "no split 'dev'; there is"),
        (("--split", "validation"), "no annotated article of split validation"),
    ],
)
def test_an_export_of_nothing_is_refused(run, corpora, tmp_path, option, expected) -> None:
    (corpora[0] / "annotations" / "layers" / "annotator-1").mkdir(parents=True)
    status, _, said = run("export", "conll", tmp_path / "out", "--corpus", corpora[0], *option)
    assert status == 2
    assert expected in said
    assert not (tmp_path / "out").exists()


def test_an_import_of_nothing_writes_nothing(run, tmp_path, monkeypatch) -> None:
    nothing = imported(0)
    nothing.skip("in/a.ann", 3, "unreadable", "no text")
    monkeypatch.setattr(formats, "reader", lambda name: lambda path: nothing)
    status, _, said = run("import", "brat", "in", tmp_path / "out")
    assert status == 1
    assert "left out: in/a.ann:3: unreadable (no text)" in said
    assert "no article of brat in it; nothing was written" in said
    assert not (tmp_path / "out").exists()


def test_item_sets_are_not_imported_but_named(run, tmp_path) -> None:
    status, _, said = run("import", "emergent", "Emergent", tmp_path / "out")
    assert status == 2
    assert "allegedly benchmark --corpus emergent=Emergent" in said


def imported(articles: int) -> Imported:
    found = Imported(CorpusRecord(name="big", version="1", license="CC0-1.0", canary=CANARY))
    for n in range(articles):
        found.add(f"a{n}", TEXT, annotated().attributions)
    return found


def test_an_import_that_was_cut_off_is_no_corpus_and_the_next_one_succeeds(tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"

    def killed(path: Path, records: object) -> None:
        (path.parent / f".{path.name}.x.tmp").parent.mkdir(parents=True, exist_ok=True)
        (path.parent / f".{path.name}.x.tmp").write_text("half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(formats, "write_records", killed)
        with pytest.raises(KeyboardInterrupt):
            formats.write_corpus(imported(2), out)
    assert [p.name for p in out.iterdir()] == [formats.UNFINISHED]
    formats.write_corpus(imported(2), out)
    assert {p.name for p in out.iterdir()} == {"annotations", "corpus", "import-report.jsonl"}
    assert not list(out.rglob("*.tmp"))
    assert len(Corpus(out).annotated()) == 2
    with pytest.raises(ImportFailedError, match="is not empty"):
        formats.write_corpus(imported(2), out)
