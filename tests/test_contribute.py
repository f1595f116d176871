"""A contribution: packed, read in a diff, checked without Label Studio, landed as the same bytes."""

from __future__ import annotations

import json

import pytest

from allegedly import contribute
from allegedly.store import Corpus, dump_records
from conftest import annotated, write_corpus


@pytest.fixture
def corpus(tmp_path):
    root = write_corpus(tmp_path / "c", [annotated(), annotated("a0002", story="s2")])
    for name in ("a0001", "a0002"):
        article = annotated(name)
        layer = root / "annotations" / "layers" / "ls-1"
        layer.mkdir(parents=True, exist_ok=True)
        plain = [
            a.model_copy(update={"positions": (), "source": a.source.model_copy(update={"entities": ()})})
            for a in article.attributions
        ]
        (layer / f"{name}.jsonl").write_bytes(dump_records(plain))
    (root / "annotations" / "guidelines.md").write_text("# G\n\nVersion 1.0, frozen.\n")
    return Corpus(root)


def test_packed_checked_landed(corpus) -> None:
    out = contribute.pack(corpus, "ls-1", "ines")
    assert contribute.check(corpus, out) == []
    manifest = json.loads((out / "contribution.json").read_text())
    assert manifest["guidelines"] == "1.0"
    assert "start" not in (out / "a0001.jsonl").read_text()  # quotes, no offsets: a reader can judge it
    made = contribute.land(corpus, out)
    assert [p.read_bytes() for p in made] == [
        corpus.path("annotations", "layers", "ls-1", p.name).read_bytes() for p in made
    ]
    assert contribute.land(corpus, out) == made  # landing again changes nothing


def spoil(folder, name, old, new):
    path = folder / name
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: spoil(f, "a0001.jsonl", "The Harbour Authority", "The Harbor Authority"), "is not in the text"),
        (lambda f: spoil(f, "contribution.json", "CC-BY-4.0", "proprietary"), "license"),
        (lambda f: spoil(f, "contribution.json", '"a0001": "', '"a0001": "0'), "sha256|another text|a0001"),
        (lambda f: (f / "notes.exe").write_bytes(b"MZ"), "no part of a contribution"),
        (lambda f: (f / "a0002.jsonl").unlink(), "not there"),
        (lambda f: (f / "a0001.jsonl").write_text("{"), "one JSON object a line"),
        (lambda f: (f / "contribution.json").write_text("[]"), "contribution.json"),
        (lambda f: (f / "a9999.jsonl").write_text("{}"), "not listed"),
    ],
)
def test_a_faulty_one_is_named_and_not_landed(corpus, change, said) -> None:
    import re

    out = contribute.pack(corpus, "ls-1", "ines")
    change(out)
    problems = contribute.check(corpus, out)
    assert any(re.search(said, p) for p in problems), problems
    with pytest.raises(contribute.ContributionError):
        contribute.land(corpus, out)
    assert not corpus.path("annotations", "layers", "ines").exists()


def test_a_layer_that_says_something_else_is_not_overwritten(corpus) -> None:
    out = contribute.pack(corpus, "ls-1", "ines")
    other = corpus.path("annotations", "layers", "ines", "a0001.jsonl")
    other.parent.mkdir()
    other.write_text("")
    with pytest.raises(contribute.ContributionError, match="something else"):
        contribute.land(corpus, out)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "x" * 70])
def test_a_name_that_could_lead_elsewhere_is_refused(corpus, name) -> None:
    with pytest.raises(contribute.ContributionError):
        contribute.pack(corpus, "ls-1", name or " ")


def test_every_contribution_in_the_repository_is_sound() -> None:
    from pathlib import Path

    root = Path(__file__).parents[1]
    ours = Corpus(root)
    for folder in sorted(root.joinpath(*contribute.FOLDER).glob("*")):
        assert contribute.check(ours, folder) == []
