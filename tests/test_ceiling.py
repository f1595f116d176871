"""The annotators' row: layers for what layers hold, two readers of positions for disputes and the narrator."""

from __future__ import annotations

import json

from allegedly import ceiling
from allegedly.benchmark import run
from allegedly.results import ANNOTATOR
from allegedly.schema import Pair, Story
from allegedly.store import Corpus, dump_records
from allegedly.tasks import get_task
from conftest import annotated, write_corpus
from test_positions import INVENTORY, LINES


def corpus_of(tmp_path, second) -> Corpus:
    """One held-out article under two equal layers, with two readings of its positions and one frozen pair."""
    articles = [annotated("a0001", "s1", split="test"), annotated("a0002", "s2")]
    corpus = Corpus(write_corpus(tmp_path / "toy", articles))
    for layer in ceiling.LAYERS:
        path = corpus.path("annotations", "layers", layer, "a0001.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dump_records(articles[0].attributed))
    for reader, lines in (("reader-1", LINES), ("reader-2", second)):
        path = corpus.path("annotations", "positions", reader, "s1.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(map(json.dumps, [INVENTORY, *lines])))
    story = Story.model_validate(corpus.stories["s1"].model_dump() | INVENTORY)
    corpus.path("corpus", "stories.jsonl").write_bytes(dump_records([story, corpus.stories["s2"]]))
    pair = Pair(
        id="a0001.a02-a0001.a04",
        story="s1",
        left="a0001/a02",
        right="a0001/a04",
        relation="opposed",
        canary=story.canary,
    )
    corpus.path("corpus", "pairs.jsonl").write_bytes(dump_records([pair]))
    return Corpus(corpus.root)


def test_equal_sides_agree_on_everything(tmp_path) -> None:
    corpus = corpus_of(tmp_path, LINES)
    rows = {r.task: r for r in run(corpus, ["majority", "nearest"], split="test", draws=20) if r.system == ANNOTATOR}
    assert set(rows) == {"detection", "extraction", "linking", "stance", "disputes"}
    assert rows["disputes"].scores["F1(opposed)"].value == 1.0
    assert rows["extraction"].scores["StructureF1"].value == 1.0
    assert all(r.rank == 0 for r in rows.values())


def test_another_reading_is_another_relation(tmp_path) -> None:
    """The second reader takes a02's claim for the contrary, so that both sources reject: same, not opposed; and sees no narrator."""
    corpus = corpus_of(tmp_path, [LINES[0] | {"positions": ["p1-"]}, *LINES[1:4]])
    ((left, right),) = ceiling.sides(corpus, corpus.annotated("test")).of(get_task("disputes"))
    assert [p.relation for p in left.pairs] == ["opposed"]
    assert [p.relation for p in right.pairs] == ["same"]
    ((left, right),) = ceiling.sides(corpus, corpus.annotated("test")).of(get_task("detection"))
    assert [a.is_narrator for a in left.attributions].count(True) == 1
    assert not any(a.is_narrator for a in right.attributions)


def test_one_reader_is_no_ceiling_of_disputes(tmp_path) -> None:
    corpus = corpus_of(tmp_path, LINES)
    corpus.path("annotations", "positions", "reader-2", "s1.jsonl").unlink()
    found = ceiling.sides(corpus, corpus.annotated("test"))
    assert found.of(get_task("disputes")) is None
    assert found.of(get_task("stance"))


def test_a_corpus_without_stories_has_no_ceiling(corpus_folder) -> None:
    corpus = Corpus(corpus_folder)
    corpus.path("corpus", "stories.jsonl").unlink(missing_ok=True)
    found = ceiling.sides(Corpus(corpus_folder), corpus.annotated("train"))
    assert found == (None, None)
