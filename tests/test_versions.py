"""What needs environments of its own: every version of datasets reads the same rows, Croissant's own validator, the harnesses' own runners."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from allegedly.store import open_corpus

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def environment(place: Path, *packages: str) -> Path:
    """A fresh environment with some packages; its Python."""
    uv = shutil.which("uv")
    if uv:
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(place)], check=True)
        install = [uv, "pip", "install", "-q", "--python", str(place / "bin" / "python")]
    else:
        venv.create(place, with_pip=True)
        install = [str(place / "bin" / "python"), "-m", "pip", "install", "-q"]
    subprocess.run([*install, *packages], check=True, capture_output=True, timeout=900)
    return place / "bin" / "python"


def test_every_version_of_datasets_reads_the_same_rows() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/versions.py"], cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False
    )
    digests = {line.split()[-1] for line in done.stdout.splitlines()}
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 4
    assert len(digests) == 1


def test_croissants_own_reader_takes_the_description(tmp_path) -> None:
    from allegedly.dataset import build

    manifest = build(open_corpus(), tmp_path / "dataset")
    python = environment(tmp_path / "env", "mlcroissant==1.1.1", "pyarrow")
    script = (
        "import json, mlcroissant as m; d = m.Dataset(jsonld='croissant.json'); "
        "print(json.dumps({'errors': sorted(d.metadata.ctx.issues.errors), 'rows': sum(1 for _ in d.records('stance/test/rows'))}))"
    )
    done = subprocess.run(
        [python, "-c", script], cwd=tmp_path / "dataset", capture_output=True, text=True, timeout=300, check=True
    )
    assert json.loads(done.stdout) == {"errors": [], "rows": manifest["configs"]["stance"]["test"]["rows"]}


def test_lm_eval_runs_offline_with_a_dummy_model(tmp_path) -> None:
    python = environment(tmp_path / "env", "lm_eval==0.4.13", "-e", str(ROOT))
    env = os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    arguments = ["--model", "dummy", "--include_path", "benchmarks/lm_eval", "--tasks", "allegedly", "--limit", "4"]
    done = subprocess.run(
        [python, "-m", "lm_eval", "run", *arguments, "--output_path", str(tmp_path / "out")],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (result,) = (tmp_path / "out").rglob("results*.json")
    scores = json.loads(result.read_text())["results"]
    assert {"allegedly_stance", "allegedly_stance_generate", "allegedly_detection", "allegedly_extraction"} <= set(
        scores
    )
