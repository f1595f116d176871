"""The examples run as they stand."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(name: str, *arguments: str) -> str:
    command = [sys.executable, f"examples/{name}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=True).stdout


@pytest.mark.parametrize("name", ["train_stance.py", "evaluate_prompt.py"])
def test_example(name) -> None:
    found = re.search(r"StanceF1 (0\.\d+) on (\d+) attributions", run(name))
    assert found
    assert float(found[1]) > 0.5


def test_the_training_example_is_short() -> None:
    code = (ROOT / "examples/train_stance.py").read_text().split('"""')[2]
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 15


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is an extra")
def test_a_token_classifier_learns(tmp_path) -> None:
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    import allegedly

    words = sorted(
        {w.lower() for r in allegedly.load("articles", "train") for w in re.findall(r"\w+|[^\w\s]", r["text"])}
    )
    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    tokenizer = BertTokenizerFast(str(tmp_path / "vocab.txt"))
    tokenizer.save_pretrained(tmp_path / "model")
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=3,
    )
    BertForTokenClassification(config).save_pretrained(tmp_path / "model")
    assert re.search(r"token accuracy 0\.\d+", run("token_classifier.py", str(tmp_path / "model")))
