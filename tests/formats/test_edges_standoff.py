"""brat, PolNeAR and CoNLL on odd input: nothing vanishes, and nothing is made up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from allegedly.formats import Imported, identifier, reader, standoff, write_corpus, writer
from allegedly.schema import Article, Attribution, Cue, Source, Span
from allegedly.store import Corpus, open_corpus
from conftest import annotated, make_article

ROOT = Path(__file__).parents[2]
TEXT = "Brok said yes. Mia denied no.\n"
BRAT = "T1\tSource 0 4\tBrok\nT2\tCue 5 9\tsaid\nT3\tClaim 10 13\tyes\nR1\tsource Arg1:T3 Arg2:T1\nR2\tcue Arg1:T3 Arg2:T2\n"
SPANS = "T1\tSource 0 4\tBrok\nT2\tCue 5 9\tsaid\nT3\tContent 10 13\tyes\nT4\tAttribution 5 9\tsaid\n"
EVENT = "E1\tAttribution:T4 Source:T1 Cue:T2 Content:T3\n"
POLNEAR = SPANS + EVENT


def put(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def brat(folder: Path, annotations: str, text: str = TEXT) -> Imported:
    found = reader("brat")(put(folder, {"a.txt": text, "a.ann": annotations}))
    assert found.lines == found.used + len([s for s in found.skipped if s.line])
    return found


def polnear(folder: Path, files: dict[str, str | bytes]) -> Imported:
    return reader("polnear")(put(folder, files))


def conll(folder: Path, content: str) -> Imported:
    found = reader("conll")(put(folder, {"a.conll": content}))
    assert found.lines == found.used + len(found.skipped)
    return found


def report(found: Imported) -> list[tuple[int, str]]:
    return sorted((s.line, s.reason) for s in found.skipped)


def words(attributions: list[Attribution]) -> list[list[str | None]]:
    return [[s.text for spans in a.roles.values() for s in spans] for a in attributions]


def spanning(text: str, *quotes: str) -> tuple[Span, ...]:
    return tuple(Span(start=text.index(q), end=text.index(q) + len(q), text=q) for q in quotes)


# ------------------------------------------------------------ stand-off


def test_words_of_a_span_may_differ_in_white_space_alone() -> None:
    text = "One two\nthree four. Five"
    lines = [
        "T1\tClaim 0 13\tOne two three",
        "T2\tClaim 20 24;0 3\tFive One",  # in the order in which they were marked
        "T3\tClaim 4 13\ttwo",  # its line break cut the line
        "T4\tClaim 4 13\ttwo thre",
        "T5\tClaim 4 13\tOne two",
        "T6\tClaim 4 13\t",
    ]
    bounds = standoff.parse("\ufeff" + "\r\n".join(lines)).bounds
    assert [b.stands_in(text) for b in bounds.values()] == [True, True, True, False, False, False]


def test_offsets_of_any_length_are_no_traceback() -> None:
    assert len(standoff.parse(f"T1\tClaim 0 {'9' * 5000}\tx\n").rest) == 1


def test_a_name_that_is_an_id_stays() -> None:
    assert [identifier(n) for n in ("a-title-cut-", "_a.", "a[1]")] == ["a-title-cut-", "a", "a-1"]


# ------------------------------------------------------------ brat


def test_brat_reports_values_names_and_targets_that_it_does_not_know(tmp_path) -> None:
    more = (
        "A1\tStance T3 perhaps\nA2\tCertainty T3 high\nA3\tKind T3 robot\nA4\tStance T9 deny\n"
        '#1\tAnnotatorNotes T77\t{"id":"x"}\n#2\tAnnotatorNotes T3\t{"mood":"x"}\n'
        '#3\tAnnotatorNotes T3\t{"entities":7}\n#4\tAnnotatorNotes T3\t{}\nA5\tNamed T3\nA6\tNamed T3 false\n'
    )
    found = brat(tmp_path, BRAT + more)
    assert report(found) == [
        (6, "an unknown value of stance, taken as none given"),
        (7, "an attribute of another kind"),
        (8, "an unknown value of kind, taken as none given"),
        (9, "of no attribution, or after another value"),
        (10, "of no attribution, or after another value"),
        (11, "a note of another kind"),
        (12, "a note whose entities or positions are not valid, which are left out"),
        (13, "a second note"),
        (15, "a second named"),
    ]
    (a,) = found.gold["a"]
    assert (a.stance, a.source.kind, a.source.named) == ("none", "unspecified", True)
    assert found.info.annotated == ("source", "cue", "claim")


def test_brat_takes_the_relations_that_it_defines(tmp_path) -> None:
    more = "T4\tSource 15 18\tMia\nR3\tContradicts Arg1:T3 Arg2:T4\nR4\tcue Arg1:T3 Arg2:T4\n"
    found = brat(tmp_path, BRAT + more)
    assert words(found.gold["a"]) == [["Brok", "said", "yes"]]
    assert report(found) == [
        (6, "span in no attribution"),
        (7, "a relation of another kind"),
        (8, "a relation to a span of another label"),
    ]


def test_brat_reports_broken_and_repeated_events(tmp_path) -> None:
    more = (
        "E1\tAttribution:T4 Source:T1 Cue:T2 Content:T3\nE2\tAttribution:T4 Source:T99 Cue:T2 Content:T3\n"
        "E3\tRebuttal:T4 Content:T3\nE4\tAttribution:T4 Victim:T1 Content:T3\nE5\tAttribution:T4 Source:T2 Content:T3\n"
        "E6\tAttribution:T4 Source:T1\nA1\tStance E1 deny\n"
    )
    found = brat(tmp_path, POLNEAR + more)
    assert report(found) == [
        (6, "id stands twice"),
        (7, "event with an argument that is not there"),
        (8, "event of another kind"),
        (9, "event with an argument of another kind"),
        (10, "event with an argument of another label"),
        (11, "event without a claim"),
    ]
    assert [(a.id, a.stance) for a in found.gold["a"]] == [("E1", "deny")]


def test_brat_gives_each_record_an_id_of_its_own_and_no_link_to_itself(tmp_path) -> None:
    more = (
        '#1\tAnnotatorNotes T3\t{"id":"q"}\nT4\tClaim 26 28\tno\n#2\tAnnotatorNotes T4\t{"id":"q"}\n'
        "R3\tvia Arg1:T3 Arg2:T3\nR4\tvia Arg1:T4 Arg2:T3\nR5\tvia Arg1:T4 Arg2:T3\n"
    )
    found = brat(tmp_path, BRAT + more)
    assert [(a.id, a.via) for a in found.gold["a"]] == [("q", None), ("q-2", "q")]
    assert report(found) == [
        (8, "a note whose id is another's or no id: q-2 here"),
        (9, "a relation to itself"),
        (11, "a second via"),
    ]


@pytest.mark.parametrize(
    ("first", "second", "annotated"),
    [
        ("A1\tStance T3 deny\n", "", ()),
        ("A1\tStance T3 deny\n", "A1\tStance T3 none\n", ("stance",)),
        ("A1\tStance T3 deny\nA2\tKind T3 person\n", "A1\tStance T3 none\n", ("stance",)),
    ],
)
def test_brat_has_the_stance_where_every_attribution_has_one(tmp_path, first, second, annotated) -> None:
    folder = put(tmp_path, {"a.txt": TEXT, "b.txt": TEXT, "a.ann": BRAT + first, "b.ann": BRAT + second})
    found = reader("brat")(folder)
    assert found.info.annotated == ("source", "cue", "claim", *annotated)
    assert found.gold["a"][0].stance == "deny"
    left_out = {s.reason.split()[0]: s.detail for s in found.skipped}
    assert left_out.get("stance", "") == ("" if annotated else "1 of 2 have none, the first is b.ann T3")
    assert ("kind" in left_out) == ("Kind" in first)


def test_brat_refuses_spans_whose_words_are_not_the_texts(tmp_path) -> None:
    found = brat(tmp_path, BRAT.replace("yes", "nay"))
    assert found.gold["a"] == []
    assert report(found) == [
        (1, "span in no attribution"),
        (2, "span in no attribution"),
        (3, "its words are not the text's"),
        (4, "a relation that leads nowhere"),
        (5, "a relation that leads nowhere"),
    ]
    found = brat(tmp_path / "events", POLNEAR.replace("Brok", "Brik"))
    assert (1, "its words are not the text's") in report(found)
    assert (5, "event with an argument that is not there") in report(found)
    assert words(brat(tmp_path / "wrapped", BRAT, TEXT.replace(" ", "\n")).gold["a"]) == [["Brok", "said", "yes"]]


def test_brat_writes_and_reports_links_that_lead_nowhere(tmp_path) -> None:
    article = annotated()
    lone = article.with_attributions(tuple(a.model_copy(update={"refers": "a99"}) for a in article.attributions[:1]))
    (lost,) = writer("brat")([lone], tmp_path)
    assert (lost.reason, lost.detail) == ("its refers is not in the article", lone.attributions[0].id)
    assert len(reader("brat")(tmp_path).gold[article.id]) == 1


# ------------------------------------------------------------ PolNeAR


def test_polnear_takes_the_first_annotator_that_can_be_read(tmp_path) -> None:
    broken = b"\xff\xfe\x00"
    files = {"text/a.txt": TEXT, "attributions/a_1111.ann": broken, "attributions/a_2222.ann": POLNEAR}
    found = polnear(tmp_path / "one", files)
    assert (len(found.gold["a"]), found.layers) == (1, {})
    assert [s.reason for s in found.skipped] == ["unreadable annotations"]
    found = polnear(tmp_path / "none", files | {"attributions/a_2222.ann": broken})
    assert (len(found.articles), found.gold) == (1, {})
    assert [s.reason for s in found.skipped][2:] == [
        "article whose annotations are unreadable, imported without a layer"
    ]
    write_corpus(found, tmp_path / "out")
    assert Corpus(tmp_path / "out").annotated() == []


def test_polnear_refuses_spans_whose_words_are_not_the_texts(tmp_path) -> None:
    second = "T5\tCue 19 25\tdenied\nT6\tContent 26 28\tno\nE2\tAttribution:T5 Cue:T5 Content:T6\n"
    files = {"text/a.txt": TEXT, "attributions/a_1111.ann": POLNEAR.replace("yes", "nay") + second}
    found = polnear(tmp_path, files)
    assert words(found.gold["a"]) == [["denied", "no"]]
    assert report(found) == [
        (1, "span in no imported attribution"),
        (2, "span in no imported attribution"),
        (3, "its words are not the text's"),
        (4, "span in no imported attribution"),
        (5, "a span whose words are not the text's"),
    ]


def test_polnear_finds_the_annotations_of_each_text(tmp_path) -> None:
    other = POLNEAR.replace("T3\tContent 10 13\tyes", "T3\tContent 15 18\tMia")
    files = {
        "text/a.txt": TEXT, "attributions/a_1111.ann": POLNEAR, "text/a_b.txt": TEXT, "attributions/a_b_2222.ann": other,
        "text/c[1].txt": TEXT, "attributions/c[1]_1111.ann": POLNEAR, "attributions/zzz_2222.ann": POLNEAR,
        "text/a b.txt": TEXT, "attributions/a b_1111.ann": POLNEAR, "text/...txt": TEXT, "attributions/.._1111.ann": POLNEAR,
        "attributions/a_1.2.ann": POLNEAR, "attributions/a_...ann": POLNEAR,
    }  # fmt: skip
    found = polnear(tmp_path, files)
    assert sorted(a.id for a in found.articles) == ["a", "a-b", "a_b", "article", "c-1"]
    assert words(found.gold["a_b"]) == [["Brok", "said", "Mia"]]
    assert words(found.gold["a"]) == [["Brok", "said", "yes"]]
    assert {layer for layer, _ in found.layers} == {"1.2", "1111"}
    assert [(Path(s.path).name, s.reason) for s in found.skipped] == [
        ("zzz_2222.ann", "annotations without their text")
    ]


def test_polnear_layers_stay_in_their_folder(tmp_path) -> None:
    found = polnear(tmp_path, {"text/a.txt": TEXT, "attributions/a_!.ann": POLNEAR, "attributions/a_...ann": POLNEAR})
    assert list(found.layers) == [("article-2", "a")]


def test_polnear_texts_of_one_name_are_two_articles(tmp_path) -> None:
    other = POLNEAR.replace("T3\tContent 10 13\tyes", "T3\tContent 15 18\tMia")
    files = {
        "train/text/a.txt": TEXT, "train/attributions/a_1111.ann": POLNEAR,
        "dev/text/a.txt": TEXT + "\n", "dev/attributions/a_1111.ann": other,
    }  # fmt: skip
    write_corpus(polnear(tmp_path / "in", files), tmp_path / "out")
    read = Corpus(tmp_path / "out").annotated()
    assert {(a.id, a.record.split, a.story, a.slice(a.attributions[0].claim.spans)) for a in read} == {
        ("a", "validation", "a", "Mia"),
        ("a-2", "train", "a-2", "yes"),
    }


def test_polnear_reports_the_second_event_of_one_id(tmp_path) -> None:
    found = polnear(
        tmp_path, {"text/a.txt": TEXT, "attributions/a_1111.ann": POLNEAR + EVENT.replace("Source:T1 ", "")}
    )
    assert len(found.gold["a"]) == 1
    assert report(found) == [(6, "id stands twice")]


# ------------------------------------------------------------ CoNLL


def test_conll_keeps_tokens_that_begin_with_a_hash(tmp_path) -> None:
    found = conll(tmp_path, "# id = x\n# a comment, 1 O\n#\tB-CLAIM\t_\n#1\tI-CLAIM\t_\nyes\tI-CLAIM\t_\n")
    assert (found.texts["x"], words(found.gold["x"])) == ("# #1 yes\n", [["# #1 yes"]])
    assert found.skipped == []
    spaced = "# a comment that ends with O\n#MeToo B-CLAIM\n#1 I-CLAIM\nis I-CLAIM\n\n#a comment\n# O\n#b O _\n"
    assert conll(tmp_path / "spaced", spaced).texts["a"] == "#MeToo #1 is\n# #b\n"


def test_conll_writes_and_reads_tokens_that_begin_with_a_hash(tmp_path) -> None:
    text = "Brok said #MeToo is big.\n\n# is a sign.\n#1 is one too.\n"
    article = make_article(text)
    writer("conll")([article], tmp_path)
    found = reader("conll")(tmp_path).texts[article.id]
    assert "".join(found.split()) == "".join(text.split())


def test_conll_reads_a_file_with_a_byte_order_mark(tmp_path) -> None:
    assert conll(tmp_path, "\ufeff# id = foo\nBrok\tB-CLAIM\n").texts == {"foo": "Brok\n"}


def test_conll_reports_roles_that_no_claim_leads_to(tmp_path) -> None:
    content = "Brok\tB-SOURCE\nMia\tI-SOURCE\nsaid\tB-CUE\n\nMia\tB-SOURCE\nsaid\tB-CUE\nyes\tB-CLAIM\nOrl\tB-SOURCE\n"
    found = conll(tmp_path, content)
    assert words(found.gold["a"]) == [["Mia", "said", "yes"]]
    assert report(found) == [
        (1, "a source of no claim in its sentence"),
        (2, "a source of no claim in its sentence"),
        (3, "a cue of no claim in its sentence"),
        (8, "a source of no claim in its sentence"),
    ]
    assert found.texts["a"] == "Brok Mia said\nMia said yes Orl\n"


def made(name: str, text: str, source: str, cue: str, *claim: str) -> Attribution:
    return annotated().attributions[0].model_copy(
        update={
            "id": name, "source": Source(spans=spanning(text, source), kind="person", named=True), "via": None,
            "cue": Cue(spans=spanning(text, cue)), "claim": annotated().attributions[0].claim.model_copy(update={"spans": spanning(text, *claim)}),
        }
    )  # fmt: skip


def test_conll_reports_what_does_not_come_back(tmp_path) -> None:
    text = "A title\n\nBrok said it is big. Mia denied no wrong. It was old news. Orl told Una that all is well.\n"
    attributions = (
        made("a1", text, "Brok", "said", "it is big"),
        made("a2", text, "Mia", "denied", "no wrong. It was"),
        made("a3", text, "Orl", "told", "that all", "well"),
        made("a4", text, "Una", "told", "A title"),
        made("a5", text, "Mia", "denied", "wrong"),
    )
    lost = writer("conll")([make_article(text).with_attributions(attributions)], tmp_path)
    assert [(s.detail, s.reason) for s in lost] == [
        ("a2", "it goes over a sentence's end, where it is cut"),
        ("a3", "it stands in several places, which come back apart"),
        ("a4", "it goes over a sentence's end, where it is cut"),
        ("a5", "it comes back with other tokens, source or cue"),
    ]


def test_conll_gives_back_all_that_it_does_not_report(tmp_path) -> None:
    gold = open_corpus(ROOT).annotated("validation")
    lost = Counter((s.path.removesuffix(".conll"), s.detail) for s in writer("conll")(gold, tmp_path))
    found = reader("conll")(tmp_path)

    def solid(article: Article, attributions: tuple[Attribution, ...]) -> Counter[tuple[str, ...]]:
        return Counter(
            tuple("".join(article.slice(s).split()) for s in a.roles.values())
            for a in attributions
            if (article.id, a.id) not in lost
        )

    for article in gold:
        back = make_article(found.texts[article.id], "x").with_attributions(tuple(found.gold[article.id]))
        assert not solid(article, article.attributed) - solid(back, back.attributions)
