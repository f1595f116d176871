"""Bridges: read → write → read is the identity where a format can hold it; every record is imported or reported; broken input breaks nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allegedly import formats
from allegedly.formats import Imported, ImportFailedError, identifier, reader, split_of, write_corpus, writer
from allegedly.schema import Article
from allegedly.store import Corpus, open_corpus
from allegedly.validate import RULES, validate
from conftest import annotated, make_article

ROOT = Path(__file__).parents[2]


def bare(article: Article):
    return {
        a.id: a.model_copy(update={"positions": (), "source": a.source.model_copy(update={"entities": ()})})
        for a in article.attributions
    }


def accounted(found: Imported) -> bool:
    return found.lines == found.used + len(found.skipped)


@pytest.fixture(scope="module")
def gold():
    return open_corpus(ROOT).annotated("validation")


def test_brat_holds_everything(gold, tmp_path) -> None:
    assert writer("brat")(gold, tmp_path) == []
    found = reader("brat")(tmp_path)
    assert accounted(found)
    assert found.info.annotated[3] == "stance"
    for article in gold:
        assert found.texts[article.id] == article.text
        assert {a.id: a for a in found.gold[article.id]} == {a.id: a for a in article.attributions}


def test_xmi_holds_all_but_entities_and_positions(gold, tmp_path) -> None:
    pytest.importorskip("cassis")
    lost = writer("xmi")(gold, tmp_path)
    assert {s.reason for s in lost} == {"entities and positions"}
    found = reader("xmi")(tmp_path)
    for article in gold:
        assert found.texts[article.id] == article.text
        assert {a.id: a for a in found.gold[article.id]} == bare(article)


def test_xmi_counts_code_points_after_emoji(tmp_path) -> None:
    pytest.importorskip("cassis")
    article = annotated()
    writer("xmi")([article], tmp_path)
    assert {a.id: a for a in reader("xmi")(tmp_path).gold[article.id]} == bare(article)  # the toy text has an emoji


def test_citron_holds_spans_and_says_what_it_cannot(gold, tmp_path) -> None:
    lost = writer("citron")(gold, tmp_path / "one")
    found = reader("citron")(tmp_path / "one")
    assert accounted(found)
    left = {(s.path.removesuffix(".json"), s.detail) for s in lost if s.reason.startswith("no words")}
    assert sum(map(len, found.gold.values())) == sum(len(a.attributed) for a in gold) - len(left)
    again = [make_article(found.texts[a.id], a.id).with_attributions(tuple(found.gold[a.id])) for a in gold]
    assert writer("citron")(again, tmp_path / "two") == []
    for article in gold:
        once, twice = (json.loads((tmp_path / n / f"{article.id}.json").read_text("utf-8")) for n in ("one", "two"))
        strip = lambda d: [{k: v for k, v in q.items() if k != "id"} for q in d["quotes"]]  # noqa: E731
        order = lambda q: json.dumps(q, sort_keys=True)  # noqa: E731
        assert sorted(strip(once), key=order) == sorted(strip(twice), key=order)


def test_conll_holds_the_roles_of_flat_attributions(tmp_path) -> None:
    article = annotated()
    writer("conll")([article], tmp_path)
    found = reader("conll")(tmp_path)
    assert accounted(found)
    claims = {a.claim.spans[0].text for a in found.gold["a0001"]}
    assert {"second leak", "the Merrow had a second leak below the car deck"} <= claims
    first = next(a for a in found.gold["a0001"] if a.claim.spans[0].text == "second leak")
    assert (first.source.spans[0].text, first.cue.spans[0].text) == ("Port body", "denies")
    writer("conll")(
        [make_article(found.texts["a0001"]).with_attributions(tuple(found.gold["a0001"]))], tmp_path / "again"
    )
    tags = [
        [x.split("\t")[1] for x in f.read_text("utf-8").splitlines() if "\t" in x]
        for f in (tmp_path / "a0001.conll", tmp_path / "again/a0001.conll")
    ]
    kept = [[t for t in one if not t.endswith("CUE")] for one in tags]
    assert [t for t, one in zip(*tags, strict=True) if t.endswith(("CLAIM", "SOURCE"))] == [
        one for t, one in zip(*tags, strict=True) if t.endswith(("CLAIM", "SOURCE"))
    ]
    assert len(kept[0]) <= len(kept[1])  # a second cue of one claim has no way back


@pytest.mark.slow
def test_docbin_is_read_by_spacy(gold, tmp_path) -> None:
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import DocBin

    writer("docbin")(gold[:2], tmp_path)
    docs = list(DocBin().from_disk(tmp_path / "corpus.spacy").get_docs(spacy.blank("en").vocab))
    assert [d.text for d in docs] == [a.text for a in gold[:2]]
    assert len(docs[0].spans["claim"]) == sum(len(a.claim.spans) for a in gold[0].attributed)
    assert len(json.loads(docs[0].user_data["allegedly"])) == len(gold[0].attributions)


GERMAN = {
    "originalText": "Berlin. „Wir gehen“, sagte Özlem Ütz.\n",
    "annotations": [
        {
            "id": 0, "type": "Direct",
            "quote": {"spans": [{"charBegin": 9, "charEnd": 18}]}, "cue": {"spans": [{"charBegin": 21, "charEnd": 26}]},
            "speaker": {"spans": [{"charBegin": 27, "charEnd": 36}]},
        },
        {"id": 1, "quote": {"spans": []}, "cue": {"spans": []}, "speaker": {"spans": []}},
        {"id": 2, "quote": {"spans": [{"charBegin": 0, "charEnd": 900}]}},
    ],
}  # fmt: skip


def test_german_wikinews(tmp_path) -> None:
    path = tmp_path / "dev" / "10 - Ä (2005-08-05).pretty.json"
    path.parent.mkdir()
    path.write_text(json.dumps(GERMAN), "utf-8")
    found = reader("german-wikinews")(tmp_path)
    (record,) = found.articles
    assert (record.id, record.published, record.split, record.variety) == ("10", "2005-08-05", "validation", "de")
    (a,) = found.gold["10"]
    assert [s.text for spans in a.roles.values() for s in spans] == ["Özlem Ütz", "sagte", "Wir gehen"]
    assert [s.reason for s in found.skipped] == ["an annotation without a quote", "a quote outside the text"]
    assert accounted(found)


RS4 = """<rst><body>
<segment id="1" parent="2" relname="attribution-positive">Brok told us</segment>
<segment id="2" parent="4" relname="span">that it would n't</segment>
<segment id="3" parent="2" relname="elaboration-additional">fail .</segment>
<group id="4" type="span"/>
</body><signals>
<signal source="1" type="semantic" subtype="attribution_source" tokens="1"/>
<signal source="1" type="lexical" subtype="indicative_word" tokens="2"/>
</signals></rst>"""
CONLLU = "# newpar\n" + "\n".join(
    f"{n}\t{w}\t_\t_\t_\t_\t_\t_\t_\t{m}"
    for n, w, m in [("1", "Brok", "_"), ("2", "told", "_"), ("3", "us", "_"), ("4", "that", "_"), ("5", "it", "_"), ("6-7", "wouldn't", "_"), ("6", "would", "_"), ("7", "n't", "_"), ("8", "fail", "SpaceAfter=No"), ("9", ".", "_")]
)  # fmt: skip


def test_gum_relations_with_their_signals(tmp_path) -> None:
    (tmp_path / "x.rs4").write_text(RS4)
    (tmp_path / "x.conllu").write_text(CONLLU)
    found = reader("gum")(tmp_path)
    assert found.texts["x"] == "Brok told us that it wouldn't fail.\n"
    (a,) = found.gold["x"]
    assert [s.text for spans in a.roles.values() for s in spans] == ["Brok", "told", "that it wouldn't"]
    assert "stance" not in found.info.annotated


PARC = """<ROOT><SENTENCE>
<WORD ByteCount="0,4" text="Brok"><attribution id="w_1"><attributionRole roleValue="source"/></attribution></WORD>
<WORD ByteCount="5,9" text="said"><attribution id="w_1"><attributionRole roleValue="cue"/></attribution></WORD>
<WORD ByteCount="10,13" text="yes"><attribution id="w_1"><attributionRole roleValue="content"/></attribution></WORD>
<WORD ByteCount="13,14" text="."/></SENTENCE><SENTENCE>
<WORD ByteCount="16,18" text="No"><attribution id="w_2"><attributionRole roleValue="content"/></attribution></WORD></SENTENCE></ROOT>"""


def test_parc3_words_make_text_and_spans(tmp_path) -> None:
    (tmp_path / "wsj_1.xml").write_text(PARC)
    found = reader("parc3")(tmp_path)
    assert found.texts["wsj_1"] == "Brok said yes.\nNo\n"
    (a,) = found.gold["wsj_1"]
    assert [s.text for spans in a.roles.values() for s in spans] == ["Brok", "said", "yes"]
    assert [s.reason for s in found.skipped] == ["no cue"]
    assert accounted(found)


def test_newsclaims_and_its_texts(tmp_path) -> None:
    text = "Masks help, Dr Orl said. Orl denied it.\n"
    (tmp_path / "texts.json").write_text(json.dumps({"n1": text}))
    claims = {"n1": [{"sentence": "Masks help, Dr Orl said.", "claim_span_text": "Masks help", "claimer": "Dr Orl", "stance": "affirm"}, {"sentence": "Not there."}, 7], "n2": [{}]}  # fmt: skip
    (tmp_path / "all.json").write_text(json.dumps(claims))
    found = reader("newsclaims")(tmp_path)
    (a,) = found.gold["n1"]
    assert (a.claim.spans[0].text, a.source.spans[0].text, a.stance) == ("Masks help", "Dr Orl", "assert")
    assert [s.reason for s in found.skipped] == [
        "its words are not in the text",
        "a claim that is no object",
        "its article has no text",
    ]
    assert accounted(found)
    with pytest.raises(ImportFailedError, match=r"no such file"):
        reader("newsclaims")(tmp_path / "nowhere")


def test_label_studio_exports(tmp_path) -> None:
    from allegedly.studio.convert import results
    from allegedly.studio.push import task

    article = annotated()
    one = {
        "id": 1,
        "completed_by": {"email": "a@b.c"},
        "result": results(article, article.attributions),
        "updated_at": "1",
    }
    two = {"id": 2, "completed_by": {"email": "d@e.f"}, "result": one["result"][:-2], "updated_at": "1"}
    data = task(article, {"gold": article.attributions}) | {
        "id": 1,
        "annotations": [one, two | {"was_cancelled": True}, two],
    }
    (tmp_path / "e.json").write_text(json.dumps([data]))
    found = reader("label-studio")(tmp_path)
    assert tuple(found.gold["a0001"]) == tuple(
        sorted(article.attributions, key=lambda a: (a.claim.spans[0].start, -a.claim.spans[-1].end))
    )
    assert "a@b.c" not in repr(found)
    (tmp_path / "e.json").write_text(json.dumps([{"text": "x", "label": []}]))
    with pytest.raises(ImportFailedError, match="JSON_MIN"):
        reader("label-studio")(tmp_path)


# ------------------------------------------------------------ broken input

INPUTS = {
    "brat": ("a.ann", "T1\tClaim 0 4\tPort\nR1\tsource Arg1:T1 Arg2:T9\nE1\tAttribution:T1 Content:T1\n"),
    "citron": ("a.json", json.dumps({"text": "Brok said yes.", "quotes": [{"cue": {"start": 5, "end": 9}, "sources": [{"start": 0, "end": 4}], "contents": [{"start": 10, "end": 13}]}]})),
    "conll": ("a.conll", "Brok\tB-SOURCE\nsaid\tB-CUE\nyes\tB-CLAIM\n"),
    "german-wikinews": ("a.json", json.dumps(GERMAN)),
    "label-studio": ("a.json", json.dumps([{"id": 1, "data": {"text": "x y"}, "annotations": [{"result": [], "completed_by": 1}]}])),
    "newsclaims": ("a.json", json.dumps({"n1": [{"sentence": "Masks help."}]})),
    "parc3": ("a.xml", PARC),
    "polnear": ("attributions/a_1.ann", "T1\tContent 0 4\tPort\nT2\tCue 5 9\tbody\nE1\tAttribution:T2 Content:T1 Cue:T2\n"),
    "gum": ("a.rs4", RS4),
    "xmi": ("a.xmi", "<xmi/>"),
}  # fmt: skip


def prepared(folder: Path, name: str, content: bytes) -> Path:
    path = folder / INPUTS[name][0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    (folder / "a.txt").write_text("Port body denies it.\n")
    (folder / "text").mkdir(exist_ok=True)
    (folder / "text" / "a.txt").write_text("Port body denies it.\n")
    (folder / "texts.json").write_text(json.dumps({"n1": "Masks help.\n"}))
    (folder / "a.conllu").write_text(CONLLU)
    (folder / "TypeSystem.xml").write_text("<typeSystemDescription/>")
    return folder


@pytest.mark.parametrize("name", INPUTS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_files_are_reported_and_never_raise(name, tmp_path_factory, data) -> None:
    if name == "xmi":
        pytest.importorskip("cassis")
    good = INPUTS[name][1].encode()
    kind = data.draw(st.sampled_from(["cut", "flip", "insert", "repeat", "bytes"]))
    at = data.draw(st.integers(0, len(good)))
    some = data.draw(st.binary(max_size=6))
    bad = {
        "cut": good[:at],
        "flip": good[:at] + some + good[at + len(some) :],
        "insert": good[:at] + some + good[at:],
        "repeat": good + b"\n" + good[at:],
        "bytes": some,
    }[kind]
    folder = prepared(tmp_path_factory.mktemp("bad"), name, bad)
    try:
        found = reader(name)(folder)
    except ImportFailedError:
        return
    out = tmp_path_factory.mktemp("out") / "corpus"
    write_corpus(found, out)
    if found.articles:
        corpus = Corpus(out)
        for article in corpus.articles():
            assert article.text
        errors = {f.code for f in validate(out) if RULES[f.code].level == "error"}
        assert errors <= {"A002", "A005", "A019", "A020", "A035"}, (
            errors
        )  # what the texts and annotations of others may hold


@pytest.mark.parametrize("name", formats.READERS)
def test_nothing_there_is_an_error_that_says_what_was_expected(name, tmp_path) -> None:
    with pytest.raises(ImportFailedError, match=r"expected|no such"):
        reader(name)(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImportFailedError):
        reader(name)(tmp_path / "empty")


def test_a_ten_megabyte_line_is_read_in_time(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("x" * 10_000_000)
    (tmp_path / "a.ann").write_text("T1\tClaim 0 10000000\t" + "x" * 10_000_000 + "\n" + "#" * 10_000_000)
    found = reader("brat")(tmp_path)
    assert len(found.gold["a"]) == 1
    assert len(found.skipped) == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", ".", "a/b", "C:\\x", "\0", "ü" * 200, "", "-rf", "a\nb"])
def test_no_name_leads_out_of_the_folder(name, tmp_path) -> None:
    made = identifier(name)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", made)
    assert (tmp_path / made).resolve().parent == tmp_path.resolve()


def test_two_files_of_one_name_stay_two_articles(tmp_path) -> None:
    for folder in ("train", "test"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.json").write_text(INPUTS["citron"][1])
    found = reader("citron")(tmp_path)
    assert [(a.id, a.split) for a in found.articles] == [("a", "test"), ("a-2", "train")]


def test_splits_are_taken_from_folders() -> None:
    assert [split_of(Path(p)) for p in ("x/dev/a.json", "x/test/b/a.json", "a.json", "valid/a")] == [
        "validation",
        "test",
        "train",
        "validation",
    ]


def test_the_page_of_formats_is_what_the_modules_say() -> None:
    assert (ROOT / "docs/formats.md").read_text("utf-8") == formats.page(), "renew docs/formats.md"


def test_the_commands_import_and_export(tmp_path) -> None:
    def run(*a):
        return subprocess.run(
            [sys.executable, "-m", "allegedly", *a], cwd=ROOT, capture_output=True, text=True, timeout=120
        )

    done = run("export", "citron", str(tmp_path / "c"), "--split", "validation")
    assert "lost or changed: no words for its source or cue" in done.stdout, done.stderr
    assert run("export", "citron", str(tmp_path / "c")).returncode == 2  # not empty
    assert "attributions" in run("import", "citron", str(tmp_path / "c"), str(tmp_path / "d")).stdout
    assert run("validate", "--corpus", str(tmp_path / "d")).returncode == 0
    assert "no format" in run("import", "nonsense", ".", str(tmp_path / "e")).stderr
