"""PolNeAR's format, on files written here."""

from __future__ import annotations

import pytest

from allegedly.formats import ImportFailedError, reader, write_corpus
from allegedly.store import Corpus, UnknownIdError
from allegedly.validate import validate

TEXT = "Mayor says no to dam\n\nMayor Ila Brok said the dam would fail. “It leaks,” she said, “a lot.” Some fear floods. 40 homes reportedly sank.\n"


def bound(number: int, label: str, *quotes: str) -> str:
    spans = [(TEXT.index(q), TEXT.index(q) + len(q)) for q in quotes]
    return f"T{number}\t{label} {';'.join(f'{a} {b}' for a, b in spans)}\t{' '.join(quotes)}"


LINES = [
    "E1\tAttribution:T4 Content:T3 Cue:T2 Source:T1",
    bound(1, "Source", "Mayor Ila Brok"),
    bound(2, "Cue", "said"),
    bound(3, "Content", "the dam would fail"),
    bound(4, "Attribution", "said"),
    bound(5, "Source", "she"),
    bound(6, "Cue", "said, "),
    bound(7, "Content", "“It leaks,”", "“a lot.”"),
    bound(8, "Attribution", "said, "),
    "E2\tAttribution:T8 Content:T7 Cue:T6 Source:T5",
    bound(9, "Cue", "reportedly"),
    bound(10, "Content", "40 homes"),
    bound(11, "Attribution-no-source", "reportedly"),
    bound(12, "Content", "sank"),
    "E3\tAttribution-no-source:T11 Content:T10 Cue:T9 Content2:T12",
    bound(13, "Discard", "Some"),
    "E4\tAttribution:T4 Content:T1 Cue:T2",
    "E5\tAttribution:T4 Cue:T2",
    "E6\tAttribution:T4 Content:T99 Cue:T2",
    "E7\tAttribution:T4 Content:T3 Cue:T2 Source:T1",
    "the tail of a broken line",
    "T14\tContent 900 950\toutside",
    "E8\tAttribution:T4 Content:T14 Cue:T2",
    "E9\tAttribution:T4 Content:T3",
]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in" / "train"
    (folder / "text").mkdir(parents=True)
    (folder / "attributions").mkdir()
    name = "post_2033-01-02_mayor-says-no"
    (folder / "text" / f"{name}.txt").write_text(TEXT, "utf-8")
    (folder / "attributions" / f"{name}_0a1b.ann").write_text("\n".join(LINES) + "\n", "utf-8")
    (folder / "attributions" / f"{name}_9f9f.ann").write_text("\n".join(LINES[:5]) + "\n", "utf-8")
    (folder / "text" / "post_2033-01-03_none.txt").write_text("No annotations.\n", "utf-8")
    return folder


def test_every_line_is_imported_or_reported(source, tmp_path) -> None:
    imported = reader("polnear")(source)
    assert imported.counts == {
        "articles": 1,
        "attributions": 3,
        "attributions in further layers": 1,
        "lines": 29,
        "lines imported": 20,
        "lines skipped: Content points at a span of another label": 1,
        "lines skipped: argument that is not there": 1,
        "lines skipped: article without annotations": 1,
        "lines skipped: continuation or unknown line": 1,
        "lines skipped: mark of the annotator": 1,
        "lines skipped: no content": 1,
        "lines skipped: no cue": 1,
        "lines skipped: span in no imported attribution": 1,
        "lines skipped: span outside the text": 1,
        "lines skipped: the same attribution twice": 1,
    }
    out = tmp_path / "out"
    write_corpus(imported, out)
    (article,) = Corpus(out).articles("train")
    assert [[article.slice(s) for s in a.roles.values()] for a in article.attributions] == [
        ["Mayor Ila Brok", "said", "the dam would fail"],
        ["she", "said,", "“It leaks,” || “a lot.”"],
        ["", "reportedly", "40 homes || sank"],
    ]
    assert article.record.published == "2033-01-02"
    assert [f.code for f in validate(out)] == []
    assert (out / "annotations/layers/9f9f" / f"{article.id}.jsonl").exists()
    assert Corpus(out).info.annotated == ("source", "cue", "claim")
    with pytest.raises(ImportFailedError, match="not empty"):
        write_corpus(imported, out)


def test_the_whole_folder_too(source) -> None:
    assert len(reader("polnear")(source.parent).articles) == 1


def test_wrong_places(tmp_path) -> None:
    with pytest.raises(ImportFailedError, match="expected a folder with text/ and attributions/"):
        reader("polnear")(tmp_path)
    with pytest.raises(UnknownIdError, match="polnear"):
        reader("polner")
