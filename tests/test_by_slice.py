"""Scores by slice, by hand."""

from __future__ import annotations

import json

from allegedly.scoring.by_slice import by_slice, cues
from allegedly.store import Corpus, dump_records
from allegedly.tasks import Label, get_task
from test_cli import run


def test_by_hand(corpus_folder) -> None:
    """Four articles of eight lines: 3 of 8 deny, 4 of 8 organization or government sources, one nested, one without a source."""
    articles = Corpus(corpus_folder).annotated() * 10  # more than twenty items a slice
    extraction = {a.id: tuple(x for x in a.attributions if x.stance == "assert") for a in articles}
    found = {s.name: s for s in by_slice(get_task("extraction"), articles, extraction, frozenset({"say"}))}
    assert (found["mark:nested"].n, found["mark:nested"].share) == (40, 1.0)
    assert found["denial:verb"].share == 0.0
    assert found["story:s1"].share == 5 / 8
    assert found["cue:unseen"].n == 40 * 5  # deny twice, dismiss, tell, estimate
    stance = {f"{a.id}/{x.id}": Label("deny") for a in articles for x in a.attributions}
    found = {s.name: s for s in by_slice(get_task("stance"), articles, stance)}
    assert found["denial:verb"].share == 1.0
    assert found["mark:sourceless"].share == 0.0
    assert "cue:unseen" not in found
    few = {s.name: s for s in by_slice(get_task("stance"), articles[:1], stance)}
    assert few["mark:sourceless"].share is None
    assert "say" in cues(articles)


def test_the_command(corpus_folder, tmp_path) -> None:
    path = tmp_path / "stance.jsonl"
    template = run("template", "stance", "--corpus", str(corpus_folder)).stdout.decode().splitlines()
    path.write_bytes(dump_records([json.loads(line) | {"stance": "deny"} for line in template]))
    done = run("score", "stance", str(path), "--slices", "--corpus", str(corpus_folder))
    assert b"domain:transport accidents       0.3750  (n=32)" in done.stdout
    assert b"fewer than 20 items  (n=4)" in done.stdout
