"""Releases against a loopback hub: what is refused, and that a failure half-way leaves no release and is taken up again."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

import allegedly.validate as checks
from allegedly.ceiling import LAYERS
from allegedly.dataset.release import ReleaseError, gates, release
from allegedly.schema import CorpusRecord
from allegedly.store import Corpus, dump_records
from conftest import annotated, write_corpus
from hub import Hub


@pytest.fixture
def hub(monkeypatch):
    """Its address is where the hub's library looks, whenever that was imported."""
    from huggingface_hub import HfApi

    made = Hub()
    plain = HfApi.__init__
    monkeypatch.setattr(HfApi, "__init__", lambda self, *a, **k: plain(self, *a, **{**k, "endpoint": made.address}))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the library waits between tries of its own
    yield made
    made.shutdown()


def git(corpus: Corpus, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(corpus.root), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def ready(tmp_path, monkeypatch) -> Corpus:
    """A committed corpus with three splits, two layers, gold and a changelog; that its articles are alike is overlooked."""
    real = checks.validate
    monkeypatch.setattr(checks, "validate", lambda root: [f for f in real(root) if f.code not in ("A026", "A035")])
    splits = ("train", "validation", "test")
    articles = [annotated(f"a{n:04}", f"s{n}", split=s) for n, s in enumerate(splits, 1)]
    root = write_corpus(tmp_path / "toy", articles)
    for article in articles:
        for layer in LAYERS:
            path = root / "annotations" / "layers" / layer / f"{article.id}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(dump_records(article.attributed))
    about = root / "corpus" / "corpus.json"
    about.write_bytes(dump_records([CorpusRecord.model_validate(json.loads(about.read_text()) | {"version": "1.0.0"})]))
    (root / "CHANGELOG.md").write_text("# Changes\n\n## corpus 1.0.0\n\nThe first.\n")
    corpus = Corpus(root)
    git(corpus, "init", "-q")
    git(corpus, "add", "-A")
    git(corpus, "commit", "-qm", "all")
    return corpus


def test_a_release_is_one_commit_and_then_a_tag(ready, hub) -> None:
    done = release(ready, "1.0.0", "me/corpus", token="t", wait=0)
    assert hub.tags == {"v1.0.0": done.commit}
    assert len(hub.commits) == 1
    assert {"README.md", "MANIFEST.json", "croissant.json", "data/stance/train.parquet"} <= set(hub.files)
    assert json.loads(hub.files["MANIFEST.json"])["version"] == "1.0.0"
    with pytest.raises(ReleaseError, match=r"v1\.0\.0 of me/corpus is released already"):
        release(ready, "1.0.0", "me/corpus", token="t", wait=0)
    assert len(hub.commits) == 1


def test_a_dry_run_uploads_nothing(ready, hub) -> None:
    done = release(ready, "1.0.0", "me/corpus", dry_run=True)
    assert done.commit is None
    assert done.rows > 0
    assert hub.calls == []


@pytest.mark.parametrize("where", ["/create", "/refs", "/preupload/", "/commit/", "/tag/"])
def test_a_busy_hub_is_asked_again(ready, hub, where) -> None:
    hub.faults[where] = 2
    said: list[str] = []
    release(ready, "1.0.0", "me/corpus", token="t", wait=0, said=said.append)
    assert "v1.0.0" in hub.tags
    assert len(hub.commits) == 1
    assert any("failed, again" in s for s in said) or where in (
        "/commit/",
        "/preupload/",
    )  # the library may retry by itself


@pytest.mark.parametrize("where", ["/commit/", "/tag/"])
def test_a_release_cut_short_is_none_and_is_taken_up(ready, hub, where) -> None:
    hub.faults[where] = 10**6
    with pytest.raises(ReleaseError, match=r"v1\.0\.0 is not released; run the same command again"):
        release(ready, "1.0.0", "me/corpus", token="t", wait=0)
    assert hub.tags == {}
    hub.faults.clear()
    done = release(ready, "1.0.0", "me/corpus", token="t", wait=0)
    assert hub.tags == {"v1.0.0": done.commit}


def test_every_gate_says_why(ready) -> None:
    assert gates(ready, "1.0.0") == []
    (ready.root / "stray.txt").write_text("x")
    (ready.root / "CHANGELOG.md").write_text("nothing")
    ready.path("annotations", "layers", LAYERS[1], "a0002.jsonl").unlink()
    ready.path("annotations", "gold", "a0003.jsonl").unlink()
    wrong = "\n".join(gates(Corpus(ready.root), "2.0"))
    for said in (
        "expected MAJOR.MINOR.PATCH",
        "has version 1.0.0, not 2.0",
        "1 articles without gold: a0003",
        "1 articles without two independent layers: a0002",
        "no heading '## corpus 2.0'",
        "uncommitted changes",
    ):
        assert said in wrong, said
    with pytest.raises(ReleaseError, match=r"(?s)not released:.*a0003"):
        release(Corpus(ready.root), "1.0.0", "me/corpus")
