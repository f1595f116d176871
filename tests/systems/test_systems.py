from __future__ import annotations

import pytest

from allegedly.evaluation import evaluate
from allegedly.store import UnknownIdError
from allegedly.systems import SystemUseError, available, get_system
from allegedly.systems.judge import stance
from allegedly.tasks import get_task
from conftest import TEXT, annotated, make_article

TRAIN = [annotated(f"a{n}", f"s{n}", TEXT + f"\nThe next ferry is number {n}.\n") for n in range(4)]
ODD = [
    "",
    "?!",
    "x" * 100_000,
    "word " * 20_000,
    "😀\n\n😀 😀",
    "“",
    '" said " said',
    "A\n" * 5000,
    "said said said denied that that",
]


def found(text: str) -> list[tuple[str, str, str, str]]:
    article = make_article("Title\n\n" + text)
    made = get_system("rules", "extraction").predict([article])[article.id]
    return [(*(article.slice(s) for s in a.roles.values()), a.stance) for a in made]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ila Brok said that the dam was safe.", ("Ila Brok", "said", "the dam was safe", "assert")),
        ("Ila Brok denied that the dam burst.", ("Ila Brok", "denied", "the dam burst", "deny")),
        ("“The dam is safe,” said Ila Brok.", ("Ila Brok", "said", "The dam is safe", "assert")),
        ("“The dam is safe,” Ila Brok said, “and dry.”", ("Ila Brok", "said", "The dam is safe || and dry", "assert")),
        (
            "The dam burst, according to the River Board.",
            ("the River Board", "according to", "The dam burst", "assert"),
        ),
        ("The dam burst, Ila Brok said.", ("Ila Brok", "said", "The dam burst", "assert")),
        ("Ila Brok did not believe that the dam burst.", ("Ila Brok", "did not believe", "the dam burst", "deny")),
        ("Ila Brok declined to confirm that the dam burst.", None),
    ],
)
def test_rules_on_plain_sentences(text, expected) -> None:
    if expected is None:
        assert all(f[3] == "none" or f[1] == "confirm" for f in found(text))
    else:
        assert found(text) == [expected]


@pytest.mark.parametrize(
    ("cue", "expected"),
    [
        ("denied", "deny"), ("did not deny", "none"), ("dismissed as a hoax", "deny"), ("called false", "deny"),
        ("denial", "deny"), ("found no evidence of", "deny"), ("did not accept", "deny"), ("no said", "deny"),
        ("would neither confirm nor deny", "none"), ("declined to confirm", "none"), ("did not say", "none"),
        ("asked", "none"), ("plans", "none"), ("said", "assert"), ("according to", "assert"), ("conceded", "assert"), ("", "assert"),
    ],
)  # fmt: skip
def test_the_lexicons_stance(cue, expected) -> None:
    assert stance(cue.split()) == expected


@pytest.mark.parametrize("task", ["detection", "extraction", "stance"])
@pytest.mark.parametrize("name", ["majority", "rules", "linear"])
def test_every_system_answers_every_item(name, task) -> None:
    predictions = get_system(name, task).fit(TRAIN).predict(TRAIN)
    assert evaluate(get_task(task), TRAIN, predictions).missing == 0


def test_linear_learns_is_deterministic_and_reads_back(tmp_path) -> None:
    task = get_task("extraction")
    system = get_system("linear", "extraction").fit(TRAIN)
    predictions = system.predict(TRAIN)
    assert evaluate(task, TRAIN, predictions).score("AttributionF1(overlap)", 0).value > 0.5
    assert get_system("linear", "extraction").fit(TRAIN).predict(TRAIN) == predictions
    system.save(tmp_path)
    assert type(system).load(tmp_path).predict(TRAIN) == predictions
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.json", "weights.npz"]


@pytest.mark.parametrize("name", ["rules", "linear"])
def test_any_text_is_survived(name) -> None:
    system = get_system(name, "extraction").fit(TRAIN)
    for text in ODD:
        article = make_article(text)
        made = system.predict([article])[article.id]
        ids = {a.id for a in made}
        assert len(ids) == len(made)
        for a in made:
            assert a.via is None or a.via in ids
            for spans in a.roles.values():
                assert all(s.text == text[s.start : s.end] for s in spans)


def test_unknown_systems_list_the_choices() -> None:
    with pytest.raises(UnknownIdError, match="linear"):
        get_system("liner", "stance")
    with pytest.raises(SystemUseError, match="can be imported"):
        get_system("nowhere:Nothing", "stance")
    assert {"majority", "rules", "linear"} <= set(available())
