"""Every version of datasets reads the same rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def test_every_version_of_datasets_reads_the_same_rows() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/versions.py"], cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False
    )
    digests = {line.split()[-1] for line in done.stdout.splitlines()}
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 4
    assert len(digests) == 1
