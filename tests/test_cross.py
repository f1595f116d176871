"""Item sets: read whole, folds cut no group, scores as scikit-learn has them; and a table across corpora."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.metrics import accuracy_score, f1_score

from allegedly import cross
from allegedly.formats import ImportFailedError
from allegedly.formats.items import Item, read_items
from allegedly.systems.pairs import Pairs
from conftest import annotated, write_corpus

ROOT = Path(__file__).parents[1]


def emergent(folder: Path, claims: int = 12) -> Path:
    rows = ["id,claimHeadline,articleHeadline,stance"]
    for n in range(claims):
        rows += [
            f'{3 * n},Dam {n} will fail in May,"Dam {n} will fail in May, builder says",for',
            f"{3 * n + 1},Dam {n} will fail in May,Report that dam {n} will fail is a hoax,against",
            f"{3 * n + 2},Dam {n} will fail in May,Will dam {n} fail? Officials investigate,observing",
        ]
    path = folder / "train.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_emergent_is_read_and_learnt(tmp_path) -> None:
    found = read_items("emergent", emergent(tmp_path))
    assert len(found.items) == 36
    floor, pairs = cross.score_items(f"emergent={tmp_path}", draws=50)
    assert (floor.groups, floor.items) == (12, 36)
    assert floor.accuracy.value == pytest.approx(1 / 3, abs=0.01)
    assert pairs.accuracy.value > 0.9
    again = cross.score_items(f"emergent={tmp_path}", draws=50)[1]
    assert again == pairs  # the same seed gives the same


def test_scores_are_scikit_learns() -> None:
    labels = ("a", "b", "c")
    gold = ["a", "b", "c", "a", "b", "a", "c", "c"]
    said = ["a", "b", "a", "a", "c", "b", "c", "c"]
    items = [Item(str(n), str(n % 3), ("x",), y) for n, y in enumerate(gold)]
    found = cross._scores("t", "s", items, said, labels, 0, 20, 0)
    assert found.accuracy.value == pytest.approx(accuracy_score(gold, said))
    for n, label in enumerate(labels):
        assert found.f1[label].value == pytest.approx(f1_score(gold, said, labels=labels, average=None)[n])


def test_folds_cut_no_group() -> None:
    items = [Item(str(n), str(n // 4), ("x",), "a") for n in range(80)]
    folds = cross._folds(items, 0)
    assert sorted(n for _, test in folds for n in test) == list(range(80))
    for train, test in folds:
        assert not {items[n].group for n in train} & {items[n].group for n in test}


def test_fnc_and_checkthat(tmp_path) -> None:
    (tmp_path / "train_stances.csv").write_text("Headline,Body ID,Stance\nA,1,agree\nB,9,agree\nC,1,maybe\n")
    (tmp_path / "train_bodies.csv").write_text('Body ID,articleBody\n1,"A, truly"\n')
    found = read_items("fnc-1", tmp_path)
    assert [i.texts for i in found.items] == [("A", "A, truly")]
    assert [s.reason for s in found.skipped] == [
        "an empty text",
        "a label other than agree, disagree, discuss, unrelated",
    ]
    (tmp_path / "d.tsv").write_text("1\tX\tTaxes fell.\t1\r\n2\tX\tHello.\t0\r\nbroken\n")
    checked = read_items("checkthat", tmp_path)
    assert [(i.label, i.group) for i in checked.items] == [("1", "d"), ("0", "d")]
    assert [s.reason for s in checked.skipped] == ["expected four columns"]


def test_what_is_no_set_says_what_was_expected(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ImportFailedError, match="no column claimHeadline"):
        read_items("emergent", tmp_path)
    with pytest.raises(ImportFailedError):
        read_items("checkthat", tmp_path)


def test_a_single_text_is_classified_too() -> None:
    items = [Item(str(n), str(n), (f"word{n % 2} is here",), str(n % 2)) for n in range(20)]
    assert Pairs().fit(items).predict(items) == [i.label for i in items]


def test_the_command_prints_a_table_across_corpora(tmp_path) -> None:
    for name in ("one", "two"):
        write_corpus(tmp_path / name, [annotated(f"a{n}", story=f"s{n}", split="test") for n in range(3)])
    emergent(tmp_path)
    command = ["benchmark", "-s", "rules", "-t", "extraction", "--corpus", f"one={tmp_path / 'one'}", "--corpus", f"two={tmp_path / 'two'}", "--corpus", f"emergent={tmp_path}"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "allegedly", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "extraction across corpora" in done.stdout
    assert "emergent: 36 items in 12 groups" in done.stdout
