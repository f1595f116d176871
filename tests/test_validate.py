"""One bad file a code: each makes exactly its finding in an otherwise clean corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allegedly.schema import CANARY
from allegedly.store import UnknownIdError, dump_line, dump_records, sha256
from allegedly.validate import RULES, fix, rule, validate

GOLD = "annotations/gold/a0001.jsonl"


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def edit_gold(root: Path, number: int, **changes) -> None:
    lines = read(root / GOLD)
    for key, value in changes.items():
        lines[number][key] = value
    (root / GOLD).write_bytes(dump_records(lines))


def edit_lines(root: Path, name: str, number: int, **changes) -> None:
    path = root / "corpus" / name
    lines = read(path)
    lines[number] |= changes
    path.write_bytes(dump_records(lines))


def spans(root: Path, number: int, role: str) -> list[dict]:
    return read(root / GOLD)[number][role]["spans"]


def set_text(root: Path, text: str, *, register: bool = True) -> None:
    (root / "corpus/texts/a0001.txt").write_bytes(text.encode())
    (root / GOLD).unlink()
    if register:
        edit_lines(root, "articles.jsonl", 0, sha256=sha256(text.encode()))


def make_external(root: Path, *, surface: bool) -> None:
    lines = read(root / "corpus/articles.jsonl")
    record = lines.pop(0) | {"split": "external", "length": 9, "where": "the publisher", "story": "x1"}
    (root / "corpus/articles.jsonl").write_bytes(dump_records(lines))
    (root / "corpus/external.jsonl").write_bytes(dump_records([record]))
    (root / "corpus/texts/a0001.txt").unlink()
    gold = read(root / GOLD)
    for line in gold:
        for role in ("source", "cue", "claim"):
            for span in line[role]["spans"] if not surface else []:
                del span["text"]
    (root / GOLD).unlink()
    (root / "annotations/external").mkdir()
    (root / "annotations/external/a0001.jsonl").write_bytes(dump_records(gold))


def share_a_sentence(root: Path) -> None:
    """One sentence of a text in train stands in a text in test, which is otherwise another."""
    other = "Title\n\n" + " ".join(f"Word{n} is number {n} of many." for n in range(60)) + "\n"
    set_text(root, other + "\nThe dock union says the Merrow had a second leak below the car deck.\n")
    (root / "corpus/texts/a0002.txt").write_text("Other\n\nBody.\n", "utf-8", newline="\n")
    (root / GOLD.replace("1.", "2.")).unlink()
    edit_lines(root, "articles.jsonl", 1, sha256=sha256(b"Other\n\nBody.\n"), split="test")
    edit_lines(root, "articles.jsonl", 0, split="test")


def clean(root: Path) -> str:
    return (root / "corpus/texts/a0001.txt").read_text("utf-8")


BREAK = {
    "A001": lambda r: (r / GOLD).write_bytes(b"\xff\xfe{}"),
    "A002": lambda r: set_text(r, clean(r).replace("\n", "\r\n", 1)),
    "A003": lambda r: ((r / "corpus/texts/a0001.txt").unlink(), (r / GOLD).unlink()),
    "A004": lambda r: set_text(r, clean(r) + "More.\n", register=False),
    "A005": lambda r: set_text(r, "\n\n"),
    "A006": lambda r: (r / GOLD).write_text((r / GOLD).read_text()[:-40]),
    "A007": lambda r: (r / "corpus/articles.jsonl").write_bytes(dump_records([*read(r / "corpus/articles.jsonl"), read(r / "corpus/articles.jsonl")[0]])),
    "A008": lambda r: (r / GOLD).write_text("\n".join(json.dumps(x) for x in read(r / GOLD))),
    "A009": lambda r: edit_lines(r, "articles.jsonl", 0, canary="none"),
    "A010": lambda r: (r / "annotations/gold/a9999.jsonl").write_text(""),
    "A011": lambda r: edit_gold(r, 7, claim={"spans": [{"start": 300, "end": 9000, "text": "x"}]}),
    "A012": lambda r: edit_gold(r, 7, claim={"spans": [{**spans(r, 7, "claim")[0], "start": spans(r, 7, "claim")[0]["start"] + 1}]}),
    "A013": lambda r: edit_gold(r, 7, claim={"spans": [{"start": spans(r, 7, "claim")[0]["start"] - 1, "end": spans(r, 7, "claim")[0]["end"], "text": " 40 lorries"}]}),
    "A014": lambda r: edit_gold(r, 2, cue={"spans": spans(r, 2, "cue")[::-1]}),
    "A015": lambda r: edit_gold(r, 4, id="a04"),
    "A016": lambda r: edit_gold(r, 0, refers="a99"),
    "A017": lambda r: (edit_gold(r, 1, refers="a03")),
    "A018": lambda r: edit_gold(r, 1, source={**read(r / GOLD)[1]["source"], "kind": "narrator"}),
    "A019": lambda r: edit_gold(r, 7, cue={"spans": [{**spans(r, 7, "claim")[0], "end": spans(r, 7, "claim")[0]["end"] - 8, "text": "40"}]}),
    "A020": lambda r: edit_gold(r, 1, **{k: read(r / GOLD)[3][k] for k in ("source", "cue", "claim")}),
    "A021": lambda r: edit_gold(r, 1, claim={"spans": [{"start": 30, "end": 120, "text": clean(r)[30:120]}]}),
    "A022": lambda r: edit_gold(r, 1, positions=[{"proposition": "p9", "polarity": "+"}]),
    "A023": lambda r: edit_gold(r, 1, source={**read(r / GOLD)[1]["source"], "entities": ["nobody"]}),
    "A024": lambda r: (edit_lines(r, "articles.jsonl", 0, story="s9"), (r / GOLD).unlink()),
    "A025": lambda r: edit_lines(r, "articles.jsonl", 0, split="test"),
    "A026": lambda r: [edit_lines(r, "articles.jsonl", n, split="test") for n in (0, 1)],
    "A027": lambda r: edit_gold(r, 7, source={"spans": [], "kind": "person", "named": True, "entities": []}),
    "A028": lambda r: edit_gold(r, 1, positions=[{"proposition": "p1", "polarity": p} for p in "+-"]),
    "A029": lambda r: edit_gold(r, 4, via="a04"),
    "A030": lambda r: make_external(r, surface=True),
    "A031": lambda r: edit_lines(r, "stories.jsonl", 0, propositions=[{"id": "p1", "text": "x", "excludes": ["p2"]}, {"id": "p2", "text": "y", "excludes": []}]),
    "A032": lambda r: edit_gold(r, 7, claim={"spans": [{k: v for k, v in spans(r, 7, "claim")[0].items() if k != "text"}]}),
    "A033": lambda r: (r / GOLD).unlink(),
    "A034": lambda r: share_a_sentence(r),
    "A035": lambda r: set_text(r, (r / "corpus/texts/a0002.txt").read_text("utf-8").split("\n")[0] + "\n\nBody.\n"),
}  # fmt: skip
#: What cannot but come with it.
WITH = {"A002": {"A033"}, "A003": {"A033"}, "A004": {"A033"}, "A005": {"A033"}, "A024": {"A033"}, "A025": {"A026", "A034"}, "A026": {"A034"}, "A034": {"A033"}, "A035": {"A033"}, "A018": set(), "A021": {"A019", "A013"}, "A020": {"A029"}}  # fmt: skip


def test_a_clean_corpus_has_no_finding(corpus_folder) -> None:
    assert validate(corpus_folder) == []


@pytest.mark.parametrize("code", sorted(RULES))
def test_each_code_has_a_bad_file(corpus_folder, code) -> None:
    BREAK[code](corpus_folder)
    findings = validate(corpus_folder)
    codes = {f.code for f in findings}
    assert code in codes
    assert codes <= {code} | WITH.get(code, set()), [str(f) for f in findings]
    assert all(str(f).startswith(f.code) and f.path for f in findings)
    assert rule(code.lower()).explanation


def test_fix_makes_bytes_canonical_and_nothing_else(corpus_folder) -> None:
    before = (corpus_folder / GOLD).read_bytes()
    BREAK["A008"](corpus_folder)
    draft = corpus_folder / "annotations/drafts/annotator-1/a0001.jsonl"
    draft.parent.mkdir(parents=True)
    draft.write_text('{"id": "a01"}')  # a person's own
    assert fix(corpus_folder) == [corpus_folder / GOLD]
    assert (corpus_folder / GOLD).read_bytes() == before
    assert fix(corpus_folder) == []


def test_external_layers_hold_spans_alone(corpus_folder) -> None:
    make_external(corpus_folder, surface=False)
    assert validate(corpus_folder) == []


def test_a_mismatch_says_where_the_surface_stands(corpus_folder) -> None:
    BREAK["A012"](corpus_folder)
    (finding,) = validate(corpus_folder)
    start = spans(corpus_folder, 7, "claim")[0]["start"] - 1
    assert f"stands at {start}" in finding.message
    assert finding.line == 8
    assert finding.attribution == "a08"


def test_unknown_code_lists_the_codes() -> None:
    with pytest.raises(UnknownIdError, match="A012"):
        rule("A112")
    assert dump_line({"canary": CANARY})


BAD_TEXTS = {
    "crlf": ("Title\r\n\r\nBody.\r\n", "A002"),
    "bom": ("\ufeffTitle\n\nBody.\n", "A002"),
    "control": ("Title\n\nBo\x07dy.\n", "A002"),
    "zero-width": ("Title\n\nBo\u200bdy.\n", "A002"),
    "no body": ("Title\n\n", "A005"),
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_an_unclean_text_is_one_finding(corpus_folder, name) -> None:
    text, code = BAD_TEXTS[name]
    set_text(corpus_folder, text)
    assert {f.code for f in validate(corpus_folder)} == {code, "A033"}


def test_leaks_need_no_annotation(corpus_folder) -> None:
    BREAK["A026"](corpus_folder)
    BREAK["A015"](corpus_folder)
    assert {f.code for f in validate(corpus_folder, layers=False)} == {"A026", "A034"}


def test_a_formula_of_three_stories_is_no_leak() -> None:
    from allegedly.validate.leaks import shared_sentences

    formula = "The ministry did not immediately respond to a request for comment on the matter."
    rows = [(f"a{n}", f"s{n}", "test" if n % 2 else "train", formula) for n in range(4)]
    assert list(shared_sentences(rows)) == []
    assert [leak.sentence for leak in shared_sentences(rows[:2])] == [formula]
