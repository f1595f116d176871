"""What takes long: the whole benchmark on the embedded corpus, twice the same; a text of 1 MB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


def allegedly(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "allegedly", *arguments], cwd=ROOT, capture_output=True, timeout=600, check=True
    )


def test_the_benchmark_twice_gives_the_same_bytes_of_scores(tmp_path: Path) -> None:
    from allegedly.results import Result
    from allegedly.store import read_records

    runs = []
    for number in range(2):
        allegedly("benchmark", "--out", str(tmp_path / str(number)))
        rows = read_records(tmp_path / str(number) / "results.jsonl", Result)
        runs.append([r.model_dump(exclude={"seconds"}) for r in rows])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("system", ["rules", "linear"])
def test_an_article_of_a_megabyte(tmp_path: Path, system: str) -> None:
    paragraph = "Ila Brok, the mayor, said on Monday that the dam was “safe and dry”. The River Board denied that it had burst.\n\n"
    (tmp_path / "a.txt").write_text("Title\n\n" + paragraph * 9000, "utf-8")
    assert os.path.getsize(tmp_path / "a.txt") > 1_000_000
    done = allegedly("annotate", "--system", system, "--jsonl", str(tmp_path / "a.txt"))
    assert done.stdout.count(b"\n") == 1


def test_every_built_artefact_carries_the_canary(tmp_path: Path) -> None:
    """The wheel: each record and page of the corpus in it. (Texts and layers hold nothing else; their article's record has it.)"""
    import zipfile

    from allegedly.schema import CANARY

    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in archive.namelist() if "/embedded/corpus/" in n and not n.endswith(".txt")]
        assert any(n.endswith("articles.jsonl") for n in names)
        for name in names:
            lines = (
                archive.read(name).decode().splitlines() if name.endswith(".jsonl") else [archive.read(name).decode()]
            )
            assert all(CANARY in line for line in lines), name
        assert not [n for n in archive.namelist() if "/local/" in n]


def test_the_wheel_carries_the_dataset_and_an_installed_package_loads_it(tmp_path: Path) -> None:
    """Installed without its dependencies beside ours, in a folder without a checkout: rows come from the wheel, nothing is built."""
    subprocess.run([sys.executable, "-m", "allegedly", "build"], cwd=ROOT, capture_output=True, check=True, timeout=300)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=300,
    )
    (wheel,) = tmp_path.glob("*.whl")
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), str(wheel)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    script = (
        f"import sys; sys.path.insert(0, {str(target)!r}); import allegedly; "
        "print(allegedly.path()); print(len(allegedly.load('stance', 'test')), len(allegedly.open_corpus().annotated('test')))"
    )
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, env=env, check=True
    )
    place, counts = done.stdout.splitlines()
    assert place == str(target / "allegedly" / "embedded" / "dataset")
    assert int(counts.split()[0]) > 1000
    assert not (tmp_path / "cache").exists()
