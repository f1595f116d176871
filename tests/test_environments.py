"""What needs environments of its own: Croissant's own validator, the harnesses' own runners. A file beside `test_versions`, so that both run at a time."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
from pathlib import Path

import pytest

from allegedly.store import open_corpus

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
environment = runpy.run_path(str(ROOT / "benchmarks/versions.py"))["environment"]


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


GOLD = """
import sys
sys.path.insert(0, "benchmarks/inspect")
import allegedly_tasks
from inspect_ai import eval as run
from inspect_ai.model import ModelOutput, ModelUsage, get_model

for make in (allegedly_tasks.stance, allegedly_tasks.detection, allegedly_tasks.extraction):
    made = make("validation")
    outputs = [ModelOutput.from_content("mockllm", s.target) for s in list(made.dataset)[:5]]
    for output in outputs:
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it would fetch a tokenizer to count
    (log,) = run(made, model=get_model("mockllm/model", custom_outputs=outputs), limit=5, display="none", log_dir=sys.argv[1], max_samples=1)
    print(log.status, next(iter(log.results.scores[0].metrics.values())).value)
"""


def test_lm_eval_and_inspect_run_offline_with_dummy_models(tmp_path) -> None:
    """lm-eval's dummy model says nothing to the purpose: scores are figures. Inspect's mock gives the gold answers: scores are 1.0."""
    python = environment(tmp_path / "env", "lm_eval==0.4.13", "inspect_ai==0.3.285", "-e", str(ROOT))
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
    done = subprocess.run(
        [python, "-c", GOLD, str(tmp_path / "logs")],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    # five sentences without a narrator's: of detection's three classes two can be right
    expected = ["success 1.0", f"success {2 / 3}", "success 1.0"]
    assert done.stdout.splitlines() == expected, done.stderr[-3000:]
