"""Releasing a version of the dataset: gates, build, one upload, and last of all the tag that makes it a release.

Whatever fails on the way, a version without its tag is no release, and the same command takes it up again.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from allegedly.dataset.build import MANIFEST, DatasetError, build
from allegedly.dataset.card import lint
from allegedly.schema import CANARY
from allegedly.store import Corpus

VERSION = re.compile(r"\d+\.\d+\.\d+")
TRIES = 5


class ReleaseError(DatasetError):
    """A release that a gate refuses, or that could not be finished. The message lists every reason."""


class Released(NamedTuple):
    """What was done: the commit and tag on the hub, or nothing on a dry run."""

    version: str
    repo: str
    commit: str | None
    rows: int


def gates(corpus: Corpus, version: str) -> list[str]:
    """Why this version cannot be released; empty where it can."""
    from allegedly.agreement import NoAgreementError, pairs
    from allegedly.ceiling import LAYERS
    from allegedly.validate import RULES, validate

    wrong = []
    if not VERSION.fullmatch(version):
        wrong.append(f"version {version!r}: expected MAJOR.MINOR.PATCH")
    if corpus.info.version != version:
        wrong.append(f"corpus/corpus.json has version {corpus.info.version}, not {version}")
    errors = [f for f in validate(corpus.root) if RULES[f.code].level == "error"]
    wrong += [f"validate: {f}" for f in errors[:10]] + ([f"and {len(errors) - 10} more"] if len(errors) > 10 else [])
    if missing := [r.id for r in corpus.records.values() if not corpus.gold_path(r).exists()]:
        wrong.append(f"{len(missing)} articles without gold: {', '.join(missing[:5])}")
    try:
        doubly = {left.id for left, _ in pairs(corpus, *LAYERS)}
    except NoAgreementError:
        doubly = set()
    if alone := [name for name in corpus.records if name not in doubly]:
        wrong.append(f"{len(alone)} articles without two independent layers: {', '.join(alone[:5])}")
    log = corpus.path("CHANGELOG.md")
    if not log.exists() or not re.search(
        rf"^## (?:corpus )?{re.escape(version)}\b", log.read_text("utf-8"), re.MULTILINE
    ):
        wrong.append(f"CHANGELOG.md has no heading '## corpus {version}'")
    if (state := _git(corpus.root, "status", "--porcelain")) is None:
        wrong.append(f"{corpus.root} is no git checkout")
    elif state:
        wrong.append(f"uncommitted changes: {state.splitlines()[0]}" + (" …" if len(state.splitlines()) > 1 else ""))
    return wrong


def _git(root: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def release(
    corpus: Corpus,
    version: str,
    repo: str,
    *,
    dry_run: bool = False,
    token: str | None = None,
    wait: float = 1.0,
    said: Callable[[str], None] = lambda step: None,
) -> Released:
    """Check, build, upload to `OWNER/NAME` on the hub in one commit, then tag. `HF_ENDPOINT` and `HF_TOKEN` are the hub library's own.

    ReleaseError where a gate refuses, where the version is released already, or where the hub failed five times.
    """
    if wrong := gates(corpus, version):
        raise ReleaseError("not released:\n" + "\n".join(f"  {reason}" for reason in wrong))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "dataset"
        said("building")
        manifest = build(corpus, out)
        if problems := lint(out, manifest):
            raise ReleaseError("the card is not right:\n" + "\n".join(f"  {p}" for p in problems))
        if bare := [p.name for p in (out / "README.md", out / "data") if not _has_canary(p)]:
            raise ReleaseError(f"without the canary: {', '.join(bare)}")
        rows = sum(s["rows"] for c in manifest["configs"].values() for s in c.values())
        if dry_run:
            return Released(version, repo, None, rows)
        return Released(version, repo, _upload(out, version, repo, token, wait, said), rows)


def _has_canary(path: Path) -> bool:
    if path.is_file():
        return CANARY in path.read_text("utf-8")
    import pyarrow.parquet as pq

    files = sorted(path.rglob("*.parquet"))
    return all(set(pq.read_table(f, columns=["canary"])["canary"].to_pylist()) <= {CANARY} for f in files)


def _upload(out: Path, version: str, repo: str, token: str | None, wait: float, said: Callable[[str], None]) -> str:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

    api, tag = HfApi(token=token), f"v{version}"

    def passing(error: BaseException) -> bool:
        """Whether a failure may be gone in a moment: the hub's 5xx and 429, or the line."""
        if isinstance(error, HfHubHTTPError):
            return error.response is None or error.response.status_code >= 500 or error.response.status_code == 429
        return isinstance(error, OSError)

    def tried(what: str, action: Callable[[], Any]) -> Any:
        said(what)
        again = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential(multiplier=wait, max=30),
            retry=retry_if_exception(passing),
            before_sleep=lambda state: said(f"{what}: try {state.attempt_number} failed, again"),
            reraise=True,
        )
        try:
            return again(action)
        except (HfHubHTTPError, OSError) as error:
            raise ReleaseError(
                f"{what} failed, and {tag} is not released; run the same command again: {error}"
            ) from error

    tried("creating the repository", lambda: api.create_repo(repo, repo_type="dataset", exist_ok=True))
    refs = tried("reading its tags", lambda: api.list_repo_refs(repo, repo_type="dataset"))
    if tag in {t.name for t in refs.tags}:
        raise ReleaseError(f"{tag} of {repo} is released already; a change needs a new version")
    commit = tried(
        "uploading",
        lambda: api.upload_folder(
            repo_id=repo,
            repo_type="dataset",
            folder_path=out,
            commit_message=f"Release {version}",
            delete_patterns=["data/**", MANIFEST, "croissant.json"],
        ),
    )
    tried("tagging", lambda: api.create_tag(repo, tag=tag, revision=commit.oid, repo_type="dataset", exist_ok=False))
    return str(commit.oid)
