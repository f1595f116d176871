"""What harnesses share: gold scores 1.0, the same figures as the scorer's own, and what a model may write."""

from __future__ import annotations

import json

import pytest

from allegedly import harness
from allegedly.dataset.configs import CONFIGS
from allegedly.evaluation import evaluate
from allegedly.tasks import Label, get_task
from conftest import annotated

ARTICLE = annotated()
(ROW,) = CONFIGS["articles"].of([ARTICLE])
STANCE = list(CONFIGS["stance"].of([ARTICLE]))


def test_gold_as_quotes_is_one() -> None:
    parsed = harness.parse_extraction(ROW, "Here it is:\n" + harness.extraction_target(ROW))
    assert parsed.lost == 0
    counts = [harness.extraction_counts(ROW, parsed.attributions)]
    assert harness.extraction_score(counts) == 1.0


def test_the_scorer_is_the_same() -> None:
    guessed = {r["id"]: "assert" for r in STANCE}
    pairs = [(harness.label("stance", r), guessed[r["id"]]) for r in STANCE]
    theirs = evaluate(get_task("stance"), [ARTICLE], {k: Label(v) for k, v in guessed.items()}).score(
        "StanceF1", draws=0
    )
    assert harness.label_score("stance", pairs) == theirs.value
    some = ARTICLE.attributed[:5]
    mine = harness.extraction_score([harness.extraction_counts(ROW, some)])
    other = evaluate(get_task("extraction"), [ARTICLE], {ARTICLE.id: some}).score("AttributionF1(overlap)", draws=0)
    assert mine == other.value


def test_numbers_and_names_of_labels() -> None:
    assert harness.label("stance", {"label": 1}) == harness.label("stance", {"label": "deny"}) == "deny"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Deny.", "deny"),
        ("The source denies it.", "deny"),
        (" none", "none"),
        ("It asserted that", "assert"),
        ("no idea", ""),
        ("", ""),
    ],
)
def test_words_of_a_model(text, expected) -> None:
    assert harness.parse_label("stance", text) == expected


@pytest.mark.parametrize(
    ("text", "kept", "lost"),
    [
        ("", 0, 1),
        ("I cannot answer.", 0, 1),
        ('[{"claim": "there was a second leak"', 0, 1),
        ('[{"claim": "words that are nowhere"}]', 0, 1),
        ('[{"source": "the dock union"}, 3, null, {"claim": ["x"]}]', 0, 4),
        ("[]", 0, 0),
    ],
)
def test_what_cannot_be_read_is_counted_never_raised(text, kept, lost) -> None:
    parsed = harness.parse_extraction(ROW, text)
    assert (len(parsed.attributions), parsed.lost) == (kept, lost)


def test_a_quote_that_stands_twice_is_the_nearest_and_the_same_twice_is_once() -> None:
    claim = ARTICLE.slice(ARTICLE.attributed[1].claim.spans[:1])
    item = {"source": ARTICLE.slice(ARTICLE.attributed[1].source.spans), "claim": claim, "stance": "perhaps"}
    parsed = harness.parse_extraction(ROW, json.dumps([item, item]))
    assert len(parsed.attributions) == 1
    assert parsed.lost == 1
    assert parsed.attributions[0].stance == "assert"


def test_prompts_show_what_is_asked_about_and_no_answer() -> None:
    prompt = harness.stance_prompt(STANCE[1])
    assert STANCE[1]["claim"][0]["text"] in prompt
    assert prompt.endswith("Stance:")
    assert harness.extraction_prompt(ROW).startswith("[1] ")
