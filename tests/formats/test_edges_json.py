"""Odd input of the JSON, XML and CSV formats: one odd record costs itself alone, and what is not kept is reported."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from test_bridges import CONLLU, PARC, RS4, accounted

from allegedly.formats import Imported, ImportFailedError, reader, write_corpus, writer
from allegedly.formats.items import Items, read_items
from conftest import annotated, make_article

TEXT = "Brok said yes. Mia denied no.\n"
QUOTE = {
    "cue": {"start": 5, "end": 9},
    "sources": [{"start": 0, "end": 4}],
    "contents": [{"start": 10, "end": 13}],
}
DEEP = "[" * 900 + "]" * 900


def put(folder: Path, **contents: Any) -> Path:
    """A folder of files; `__` in a name is a slash, `_dot_` a dot. What is no text becomes JSON."""
    for name, content in contents.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return folder


def reasons(found: Imported | Items) -> list[str]:
    return [s.reason for s in found.skipped]


def written(found: Imported, folder: Path) -> list[str]:
    """What of the import can be written, by its articles; the report too has to be writable."""
    write_corpus(found, folder / "out")
    return sorted(p.stem for p in (folder / "out/corpus/texts").glob("*.txt"))


def words(attribution) -> list[str]:
    return [s.text for spans in attribution.roles.values() for s in spans]


# ------------------------------------------------------------ NewsClaims

ARTICLE = "Masks help, said\nDr Orl. Masks kill.\nIt was so. Orl left.\n"
SEGMENTS = {
    "3": {"sentence": "Masks help, said Dr Orl.", "claim_span": [0, 9], "claimer": "Dr Orl", "has_claimer": True, "claimer_in_sentence": True, "stance": "affirm"},
    "5": {"sentence": "Masks kill.", "claim_span": [25, 34], "has_claimer": False, "claimer": "<AUTHOR>", "stance": "refute"},
    "6": {"sentence": "It was so.", "claim_span": [0, 8], "claimer": "Orl", "has_claimer": True},
    "7": {"sentence": "It was so.", "claim_span": [3, 8], "claimer": "Somebody Else", "has_claimer": True},
    "8": {"sentence": "It was so.", "claim_span": [900, 908]},
    "9": {"sentence": "It was so.", "claim_span": [1]},
}  # fmt: skip


def test_newsclaims_as_the_official_scorer_reads_it(tmp_path) -> None:
    put(
        tmp_path,
        dev_dot_json={"n1": SEGMENTS},
        all_sents_dot_json={"n1": {k: {"sentence": v["sentence"]} for k, v in SEGMENTS.items()}},
        text__n1_dot_txt=ARTICLE,
    )
    found = reader("newsclaims")(tmp_path)
    (record,) = found.articles
    assert (record.id, record.split) == ("n1", "validation")
    assert [(*words(a), a.stance) for a in found.gold["n1"]] == [
        ("Dr Orl", "Masks help", "assert"),
        ("Masks kill", "deny"),
        ("Orl", "It was so", "none"),
    ]
    assert reasons(found) == [
        "its claimer is not in the text outside the claim",
        "its words are not in the text",
        "no claim",
    ]
    assert accounted(found)


def test_newsclaims_of_the_older_list_and_texts_beside_it(tmp_path) -> None:
    claim = {"original_claim_provenance": "Masks kill.", "claimer": "Dr Orl"}
    put(tmp_path, old_dot_json={"n1": [claim], "n2": [claim]}, texts_dot_json={"n1": ARTICLE, "n2": "\ud800"})
    found = reader("newsclaims")(tmp_path)
    assert [words(a) for a in found.gold["n1"]] == [["Dr Orl", "Masks kill."]]
    assert reasons(found) == ["no article"]
    assert written(found, tmp_path) == ["n1"]


def test_newsclaims_without_texts_says_where_they_go(tmp_path) -> None:
    with pytest.raises(ImportFailedError, match="folder `text`"):
        reader("newsclaims")(put(tmp_path, dev_dot_json={"n1": SEGMENTS}))
    put(tmp_path, texts_dot_json="[" * 100_000)
    with pytest.raises(ImportFailedError, match="object of texts"):
        reader("newsclaims")(tmp_path)


# ------------------------------------------------------------ GUM


def test_gum_of_other_tokens_is_an_article_without_a_layer(tmp_path) -> None:
    put(tmp_path, x_dot_rs4=RS4, x_dot_conllu=CONLLU.rsplit("\n", 1)[0])
    found = reader("gum")(tmp_path)
    assert (list(found.texts), found.gold) == (["x"], {})
    assert reasons(found) == ["the two files have different tokens"]


def test_gum_leaves_withheld_texts_out_and_says_how_to_get_them(tmp_path) -> None:
    hidden = "\n".join(f"{n}\t{'_' * n}\t" + "\t".join("_" * 8) for n in range(1, 4))
    put(tmp_path, GUM_reddit_x_dot_rs4="<rst><segment id='1'>_ __ ___</segment></rst>", GUM_reddit_x_dot_conllu=hidden)
    put(tmp_path, x_dot_rs4=RS4, x_dot_conllu=CONLLU)
    found = reader("gum")(tmp_path)
    assert list(found.texts) == ["x"]
    assert reasons(found) == ["its text is withheld: run get_text.py in GUM's folder"]


def test_gum_reports_one_odd_relation_or_file_alone(tmp_path) -> None:
    other = '<segment id="9 z" parent="2" relname="attribution-positive"/><group id="4"'
    odd = RS4.replace('<group id="4"', other).replace('tokens="2"', 'tokens="999"')
    put(tmp_path, x_dot_rs4=odd, x_dot_conllu="\ufeff" + CONLLU, a__y_dot_rs4="<", a__y_dot_conllu="")
    put(tmp_path, b__x_dot_rs4=RS4, z_dot_conllu=CONLLU)
    (tmp_path / "splits.md").write_bytes(b"\xff")
    found = reader("gum")(tmp_path)
    assert [words(a) for a in found.gold["x"]] == [["Brok", "that it wouldn't"]]
    assert Counter(reasons(found)) == Counter(
        ["a cue of tokens that are not there", "no attribution", "unreadable", "unreadable", "another file has its name", "no .rs4 file, so no relations"]
    )  # fmt: skip


# ------------------------------------------------------------ item sets

HEADER = "id,claimHeadline,articleHeadline,stance\n"


def emergent(folder: Path, quoted: bool = True, **other: str) -> Items:
    mark = '"' if quoted else ""
    rows = [f"{i},claim {i},{mark}head {i}{mark},for\n" for i in range(20)]
    for name, row in other.items():
        rows[int(name[3:])] = row
    return read_items("emergent", put(folder, a_dot_csv=HEADER + "".join(rows)))


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("row", ['3,c,"head 3,for\n', '3,c,"head 3"",for\n', '3,"c,h,for\n', '3,c,"h"ead,for\n'])
def test_a_stray_quotation_mark_costs_its_own_row(tmp_path, quoted, row) -> None:
    found = emergent(tmp_path, quoted, row3=row)
    assert [i.id for i in found.items] == [f"a-{n}" for n in range(20) if n != 3]
    assert [(s.line, s.reason) for s in found.skipped] == [(5, "a row with unbalanced quotes")]


def test_a_field_of_ten_megabytes_and_one_of_two_lines_are_read(tmp_path) -> None:
    found = emergent(tmp_path, row3=f'3,c,"{"x" * 10_000_000}",for\n', row4='4,c,"one\n""two"",\n",for\n')
    assert len(found.items) == 20
    assert found.items[4].texts[1] == 'one\n"two",\n'
    assert not found.skipped


def test_rows_of_other_widths_are_reported_by_line(tmp_path) -> None:
    found = emergent(tmp_path, row2='2,c,"one\ntwo",for\n', row3="3,only\n", row4="4,a,b,for,more\n")
    assert [(s.line, s.reason) for s in found.skipped] == [
        (6, "a row with too few columns"),
        (7, "a row with too many columns"),
    ]
    with pytest.raises(ImportFailedError, match="no column claimHeadline"):
        read_items("emergent", put(tmp_path, a_dot_csv=""))


def test_a_body_that_stands_twice_is_reported(tmp_path) -> None:
    put(tmp_path, t_stances_dot_csv="Headline,Body ID,Stance\nh,1,agree\n")
    put(tmp_path, t_bodies_dot_csv='Body ID,articleBody\n1,"one,\n\nmore"\n1,two\n')
    found = read_items("fnc-1", tmp_path)
    assert [i.texts[1] for i in found.items] == ["one,\n\nmore"]
    assert [(s.line, s.reason) for s in found.skipped] == [(5, "a body id twice")]


# ------------------------------------------------------------ XMI


def test_xmi_reports_what_it_does_not_know(tmp_path) -> None:
    pytest.importorskip("cassis")
    article = annotated()
    one, two, *rest = article.attributions
    linked = (one, two.model_copy(update={"via": one.id, "refers": one.id, "stance": "deny"}), *rest)
    writer("xmi")([article.with_attributions(linked)], tmp_path)
    file = tmp_path / f"{article.id}.xmi"
    good = file.read_text("utf-8")
    found = reader("xmi")(tmp_path)
    assert (reasons(found), accounted(found)) == ([], True)
    bad = good.replace('stance="deny"', 'stance="refute"').replace('via="', 'via="no').replace('refers="', 'refers="no')
    file.write_text(bad.replace(f'kind="{one.source.kind}"', 'kind="robot"').replace('named="', 'named="un'), "utf-8")
    found = reader("xmi")(tmp_path)
    made = {a.id: a for a in found.gold[article.id]}
    assert (made[two.id].via, made[two.id].refers, made[two.id].stance) == (None, None, "none")
    assert (made[one.id].source.kind, made[one.id].source.named) == ("unspecified", False)
    assert set(reasons(found)) == {f"an unknown {what}" for what in ("stance", "kind", "named", "via", "refers")}
    assert {f"{two.id}: refute", f"{two.id}: no{one.id}"} <= {s.detail for s in found.skipped}
    assert accounted(found)


def test_xmi_skips_a_text_that_xml_cannot_hold(tmp_path) -> None:
    pytest.importorskip("cassis")
    bad, good = make_article("Title\n\nBrok said\x0b yes.\n", "bad"), annotated("good")
    lost = writer("xmi")([bad, good], tmp_path)
    assert ("bad.xmi", "a text with characters that XML cannot hold") in {(s.path, s.reason) for s in lost}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["TypeSystem.xml", "good.xmi"]


# ------------------------------------------------------------ PARC 3.0


def test_parc3_reports_roles_that_it_does_not_know(tmp_path) -> None:
    put(tmp_path, a_dot_xml=PARC.replace('"source"', '"speaker"').replace('id="w_2"', ""))
    other = PARC
    for role in ("source", "cue", "content"):
        other = other.replace(f'"{role}"', f'"{role}s"')
    put(tmp_path, b_dot_xml=other)
    found = reader("parc3")(tmp_path)
    assert [words(a) for a in found.gold["a"]] == [["said", "yes"]]
    role = "a role other than source, cue and content"
    assert reasons(found) == [role, "no id", role, role, role, "no cue", role, "no cue"]
    assert found.skipped[0].detail == "w_1 speaker"
    assert accounted(found)


# ------------------------------------------------------------ Label Studio


def task(**fields: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"text": TEXT}, "annotations": [{"completed_by": 1, "result": []}]} | fields


def test_label_studio_goes_on_after_what_is_no_export(tmp_path) -> None:
    put(tmp_path, a_dot_json=[{"text": "x", "label": []}], b_dot_json=[task()], c_dot_json="{", d_dot_json=5)
    found = reader("label-studio")(tmp_path)
    assert list(found.gold) == ["task-1"]
    assert [s.path.rpartition("/")[2] for s in found.skipped] == ["a.json", "c.json", "d.json"]
    assert "JSON_MIN" in found.skipped[0].reason


def test_label_studio_reports_odd_tasks_alone(tmp_path) -> None:
    odd = [task(annotations=None, id=2), task(annotations=[5, *task()["annotations"]], id=3), {"id": 4}, 5]
    put(tmp_path, a_dot_json=[*odd, task(data={"text": "x \ud800"}), task(data={"text": "x", "base": 7}), task()])
    found = reader("label-studio")(tmp_path)
    assert reasons(found) == [
        "annotations that are no list",
        "an annotation that is no object",
        "no task with annotations",
        "no task with annotations",
        "no task with annotations",
        "pushed records that cannot be read, so the annotation is read without",
    ]
    assert [s.line for s in found.skipped] == [1, 2, 3, 4, 5, 6]
    assert "task-2" in found.texts
    assert "task-2" not in found.gold
    assert written(found, tmp_path) == ["task-1", "task-1-2", "task-2", "task-3"]


# ------------------------------------------------------------ German Wikinews and Citron


def test_one_odd_annotation_costs_itself_alone(tmp_path) -> None:
    quote = {"spans": [{"charBegin": 10, "charEnd": 13}]}
    other = {"spans": [{"charBegin": 0, "charEnd": 4}]}
    odd = [
        {"id": "a b", "quote": quote},
        {"id": 1, "quote": other, "cue": {"spans": None}},
        {"id": 2, "quote": {"spans": 5}},
    ]
    good = [{"id": 3, "quote": quote}, {"id": 3, "quote": other}]
    put(tmp_path, a_dot_json={"originalText": TEXT, "annotations": [*odd, *good]})
    found = reader("german-wikinews")(tmp_path)
    assert [a.id for a in found.gold["a"]] == ["q3"]
    assert [(s.line, s.reason) for s in found.skipped] == [
        *((n, "no annotation") for n in (1, 2, 3)),
        (5, "the same id twice"),
    ]
    assert "Attribution id String should match" in found.skipped[0].detail
    assert accounted(found)


def test_german_wikinews_of_an_odd_date(tmp_path) -> None:
    for name in ("7 - Ein Titel (2005-XX-05).json", "8 - Zwei (2005-08-05).pretty.json", "b.json"):
        (tmp_path / name).write_text(json.dumps({"originalText": TEXT, "annotations": []}))
    found = reader("german-wikinews")(tmp_path)
    assert [(a.id, a.published) for a in found.articles] == [
        ("7---Ein-Titel-2005-XX-05", "0000-00-00"),
        ("8", "2005-08-05"),
        ("b", "0000-00-00"),
    ]


@pytest.mark.parametrize("name", ["citron", "german-wikinews", "label-studio", "newsclaims"])
@pytest.mark.parametrize("odd", ["deep", "deeper", "surrogate", "mark"])
def test_odd_json_costs_its_file_or_record_alone(name, odd, tmp_path) -> None:
    text, records = {"citron": ("text", "quotes"), "german-wikinews": ("originalText", "annotations")}.get(
        name, ("", "")
    )
    put(tmp_path, texts_dot_json={"n1": "Masks help."}) if name == "newsclaims" else None

    def content(of: str, records_: str) -> str:
        if name == "label-studio":
            return json.dumps([task(data={"text": of})]).replace('"result": []', f'"result": [{records_}]')
        if name == "newsclaims":
            return f'{{"n1": [{records_}], {json.dumps(of)}: []}}'
        return f'{{"{text}": {json.dumps(of)}, "{records}": [{records_}]}}'

    bad = {
        "deep": content(TEXT, DEEP),
        "deeper": content(TEXT, "[" * 200_000),
        "surrogate": content(TEXT + "\ud800", '"\\ud800"'),
        "mark": "\ufeff" + content(TEXT, ""),
    }[odd]
    put(tmp_path, a_dot_json=bad, b_dot_json=content(TEXT, ""))
    found = reader(name)(tmp_path)
    assert written(found, tmp_path)
    if odd != "mark":
        assert found.skipped
    else:
        assert not [s for s in found.skipped if "text" not in s.reason]


def test_citron_keeps_the_rest_of_a_folder(tmp_path) -> None:
    put(tmp_path, a_dot_json={"text": TEXT + "\ud800", "quotes": [QUOTE]}, b_dot_json={"text": TEXT, "quotes": [QUOTE]})
    found = reader("citron")(tmp_path)
    assert reasons(found) == ["no Citron document"]
    assert written(found, tmp_path) == ["b"]
