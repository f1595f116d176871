"""README blocks run: `console` blocks print what they show, `python` blocks do not fail."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from allegedly.schema import CANARY

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(p.name, kind, body) for p in PAGES for kind, body in BLOCK.findall(p.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "kind", "body"), BLOCKS)
def test_block(page: str, kind: str, body: str) -> None:
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    if kind == "python":
        subprocess.run([sys.executable, "-c", body], cwd=ROOT, check=True, capture_output=True, timeout=120)
        return
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", body, re.MULTILINE):
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, env=env, timeout=120)
        assert done.stdout.decode().strip() == expected.strip()


def test_the_embedded_corpus_is_valid_and_has_its_canary() -> None:
    from allegedly.validate import RULES, validate

    findings = [f for f in validate(ROOT) if RULES[f.code].level == "error"]
    assert findings == []
    for name in ("articles", "external", "stories"):
        lines = (ROOT / "corpus" / f"{name}.jsonl").read_text("utf-8").splitlines()
        assert lines
        assert all(CANARY in line for line in lines)
    assert CANARY in (ROOT / "corpus/corpus.json").read_text("utf-8")


def test_no_text_that_is_not_ours_is_tracked() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    tracked = subprocess.run(
        ["git", "ls-files", "corpus/local", "annotations/drafts/external"], cwd=ROOT, capture_output=True, check=True
    )
    assert tracked.stdout == b""
    for path in (ROOT / "annotations/external").glob("*.jsonl"):
        assert '"text"' not in path.read_text("utf-8")


def test_the_page_of_the_dataset_has_the_columns_of_the_declarations() -> None:
    from allegedly.dataset.card import columns
    from allegedly.dataset.configs import CONFIGS

    page = (ROOT / "docs/dataset.md").read_text("utf-8")
    for name in CONFIGS:
        assert columns(name) in page, f"renew docs/dataset.md: {name}"


def test_the_wheel_is_told_of_every_part_of_the_corpus_but_local() -> None:
    """The parts are listed one by one, as a folder named whole would take attached texts along."""
    import tomllib

    tool = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    listed = {name.removeprefix("corpus/") for name in tool["force-include"] if name.startswith("corpus/")}
    assert listed == {p.name for p in (ROOT / "corpus").iterdir()} - {"local"}
