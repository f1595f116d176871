"""The command line as a user meets it: each in a process of its own, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from allegedly.cli import app
from conftest import TEXT

ROOT = Path(__file__).parents[1]


def run(
    *arguments: str, cwd: Path = ROOT, stdin: bytes = b"", cache: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    env = os.environ | ({"XDG_CACHE_HOME": str(cache)} if cache else {})
    done = subprocess.run(
        [sys.executable, "-m", "allegedly", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env=env,
        timeout=120,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


BAD = {
    "empty": (b"", "is empty"),
    "binary": (b"\x7fELF\0\0\x01", "binary"),
    "utf16": ("Brok said no.".encode("utf-16"), "UTF-16"),
    "latin1": ("Brok said né.".encode("latin-1"), "expected UTF-8"),
}
ODD = {
    "crlf": b"Title\r\n\r\nIla Brok said the dam would fail.\r\n",
    "bom": "\ufeffTitle\n\nIla Brok said the dam would fail.\n".encode(),
    "long-sentence": b"Title\n\n" + b"word " * 20000 + b"\n",
    "long-token": b"Title\n\n" + b"x" * 100_000,
    "no-sentence": b"?! ... --",
    "emoji": "😀 Ila Brok said 👩‍👩‍👧 the dam would fail.".encode(),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_article_is_one_clear_error(tmp_path, name) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(BAD[name][0])
    done = run("annotate", "--system", "rules", str(path))
    assert done.returncode == 1
    assert BAD[name][1] in done.stderr.decode()


@pytest.mark.parametrize("name", ODD)
def test_odd_articles_are_annotated(tmp_path, name) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(ODD[name])
    done = run("annotate", "--system", "rules", "--jsonl", str(path))
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    text = ODD[name].decode().removeprefix("\ufeff").replace("\r\n", "\n")
    for attribution in record["attributions"]:
        for role in ("source", "cue", "claim"):
            for span in attribution[role]["spans"]:
                assert text[span["start"] : span["end"]] == span["text"]
    if name in ("crlf", "bom", "emoji"):
        assert len(record["attributions"]) == 1


def test_the_trained_baseline_and_its_cache(tmp_path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    first = run("annotate", "--system", "linear", "--jsonl", str(tmp_path / "a.txt"), cache=tmp_path / "cache")
    assert first.returncode == 0, first.stderr
    assert list((tmp_path / "cache").rglob("weights.npz"))
    assert (
        run("annotate", "--system", "linear", "--jsonl", str(tmp_path / "a.txt"), cache=tmp_path / "cache").stdout
        == first.stdout
    )
    shown = run("annotate", "--system", "linear", str(tmp_path / "a.txt"), cache=tmp_path / "cache")
    assert "on news it has not seen" in shown.stderr.decode()


def test_the_default_says_what_it_scores(tmp_path) -> None:
    from allegedly.models import DEFAULT

    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    said = run("annotate", str(tmp_path / "a.txt")).stderr.decode()
    assert said.startswith(DEFAULT)
    assert "AttributionF1(overlap) 0." in said


def test_a_folder_stdin_and_a_missing_file(tmp_path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.txt").write_text(TEXT, "utf-8")
    done = run("annotate", "--system", "rules", "--jsonl", str(tmp_path))
    assert [json.loads(x)["article"] for x in done.stdout.splitlines()] == ["a", "b"]
    assert (
        json.loads(run("annotate", "--system", "rules", "--jsonl", "-", stdin=TEXT.encode()).stdout)["article"]
        == "stdin"
    )
    done = run("annotate", "--system", "rules", "--jsonl", "nowhere.txt", str(tmp_path / "a.txt"))
    assert done.returncode == 1
    assert "no such file" in done.stderr.decode()
    assert done.stdout.count(b"\n") == 1


def test_the_page_is_inert(tmp_path) -> None:
    evil = (
        'Title <script>alert(1)</script>\n\nIla <img src=x onerror=alert(2)> Brok said "the </div><b>dam" would fail.\n'
    )
    (tmp_path / "a.txt").write_text(evil, "utf-8")
    done = run("annotate", "--system", "rules", str(tmp_path / "a.txt"), "--html", str(tmp_path / "p.html"))
    assert done.returncode == 0
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("score", "stanec", "x"), "no task 'stanec'; there is"),
        (("score", "stance", "nowhere.jsonl"), "no such file"),
        (("validate", "--explain", "A999"), "no finding 'A999'"),
        (("annotate", "--system", "rule", "x"), "no system 'rule'; there is"),
        (("annotate", "--system", "os:nothing", "x"), "expected module:Class"),
        (("attach", "a0005", "README.md"), "no external article 'a0005'; there is x000"),
        (("attach", "x0001", "README.md"), "is another text than x0001"),
        (("import", "polner", ".", "x"), "no format 'polner'; there is polnear"),
        (("benchmark", "--corpus", "/nowhere"), "expected a corpus folder"),
        (("benchmark", "--system", "os:nothing"), "expected module:Class"),
        (("sentences", "a9999"), "no article 'a9999'"),
    ],
)
def test_a_users_mistake_is_one_message(arguments, expected) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert expected in done.stderr.decode()


def test_anchor_refuses_and_writes_nothing(tmp_path) -> None:
    (tmp_path / "t.txt").write_text(TEXT, "utf-8")
    (tmp_path / "d.jsonl").write_text('{"id": "a01", "source": "", "cue": "", "claim": "leak", "stance": "none"}\n')
    arguments = (
        "anchor",
        str(tmp_path / "d.jsonl"),
        "--article",
        str(tmp_path / "t.txt"),
        "--out",
        str(tmp_path / "o"),
    )
    done = run(*arguments)
    assert done.returncode == 1
    assert "2#1: " in done.stderr.decode()
    assert not (tmp_path / "o").exists()
    (tmp_path / "d.jsonl").write_text(
        '{"id": "a01", "at": 2, "source": "", "cue": "", "claim": "leak", "stance": "none"}\n'
    )
    assert run(*arguments).returncode == 0
    assert json.loads((tmp_path / "o").read_text())["claim"]["spans"][0]["text"] == "leak"


def test_score_of_gold_and_benchmark_on_a_small_corpus(corpus_folder, tmp_path) -> None:
    from allegedly.store import Corpus, dump_records
    from allegedly.systems.predictions import prediction_records
    from allegedly.tasks import get_task

    articles = Corpus(corpus_folder).articles("train")
    gold = {a.id: a.attributions for a in articles}
    (tmp_path / "p").write_bytes(dump_records(prediction_records(get_task("extraction"), articles, gold)))
    done = run("score", "extraction", str(tmp_path / "p"), "--corpus", str(corpus_folder))
    assert all("1.0000" in line for line in done.stdout.decode().splitlines())
    assert b"allegedly:extraction|split:train|corpus:toy-1.0+" in done.stderr
    out = tmp_path / "out"
    arguments = ("benchmark", "--corpus", str(corpus_folder), "--out", str(out))
    first = run(*arguments)
    assert first.returncode == 0, first.stderr
    assert "leave-one-story-out" in first.stdout.decode()
    before = (out / "results.jsonl").read_bytes()
    assert b"the same scores as before" in run(*arguments).stdout
    assert (out / "results.jsonl").read_bytes() == before
    assert "## stance" in (out / "LEADERBOARD.md").read_text()


def test_every_command_has_help_and_is_documented() -> None:
    documents = "".join(
        (ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "docs/commands.md")
    )
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        assert command.callback.__doc__
        assert f"allegedly {name}" in documents, name


def test_importing_is_light() -> None:
    code = "import sys, allegedly, allegedly.cli; print([m for m in ('numpy', 'scipy', 'sklearn', 'pydantic', 'datasets') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
