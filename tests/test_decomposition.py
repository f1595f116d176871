"""Where the points go, by hand: counts sum to gold whatever is predicted."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from allegedly.scoring.decomposition import decomposition, losses
from allegedly.store import dump_records
from conftest import annotated
from test_cli import run

ARTICLE = annotated()
GOLD = ARTICLE.attributions


def reasons(predicted):
    return [loss.reason for loss in losses(ARTICLE, predicted)]


def changed(number, **update):
    return [a.model_copy(update=update) if n == number else a for n, a in enumerate(GOLD)]


def test_gold_is_right_and_nothing_is_all_missed() -> None:
    assert reasons(GOLD) == [None] * 8
    assert reasons([]) == ["claim missed"] * 8
    assert decomposition([(ARTICLE, [])])["claim missed"] == 8


def test_each_reason_by_hand() -> None:
    assert reasons(changed(1, source=GOLD[2].source))[1] == "source wrong"
    assert reasons(changed(1, cue=GOLD[2].cue))[1] == "cue wrong"
    assert reasons(changed(1, stance="deny"))[1] == "stance flipped"
    assert reasons(changed(6, via=None))[6] == "chain broken"
    assert reasons(changed(6, via="a01"))[6] == "chain broken"
    assert reasons(changed(1, source=GOLD[2].source, stance="deny"))[1] == "source wrong"  # the first reason in order
    assert (
        decomposition([(ARTICLE, [*GOLD, GOLD[0].model_copy(update={"id": "b1", "claim": GOLD[4].source})])])[
            "invented"
        ]
        == 1
    )


@given(st.permutations(range(8)), st.integers(0, 8), st.sampled_from(["assert", "deny", "none"]))
def test_the_counts_sum_to_gold(order, keep, stance) -> None:
    predicted = [GOLD[n].model_copy(update={"stance": stance, "via": None}) for n in order[:keep]]
    found = decomposition([(ARTICLE, predicted)])
    assert sum(n for name, n in found.items() if name != "invented") == 8
    assert found["claim missed"] == 8 - keep
    assert found["invented"] == 0


def test_the_command(corpus_folder, tmp_path) -> None:
    lines = [
        {"article": f"a000{n}", "attributions": [json.loads(line) for line in (corpus_folder / f"annotations/gold/a000{n}.jsonl").read_text().splitlines()]}
        for n in (1, 2, 3)
    ]  # fmt: skip
    path = tmp_path / "extraction.jsonl"
    path.write_bytes(dump_records(lines))
    done = run("score", "extraction", str(path), "--losses", "--corpus", str(corpus_folder))
    assert b"right                    24" in done.stdout
    assert b"claim missed             8" in done.stdout
