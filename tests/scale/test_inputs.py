from __future__ import annotations

import gzip
import json
import os

import pytest
from conftest_scale import jsonl, parquet, text
from hypothesis import given, settings
from hypothesis import strategies as st

from allegedly.scale.inputs import InputError, cut, find
from allegedly.scale.readers import Columns, kept_schema, rows


def ids(inputs, rows_a_shard=2000, limit=None, columns=Columns()):  # noqa: B008
    return [[r.id for r in rows(s, columns)] for s in cut(inputs, rows_a_shard, limit)]


@given(st.integers(0, 60), st.integers(1, 25), st.integers(1, 25))
@settings(max_examples=60, deadline=None)
def test_parquet_rows_are_in_one_shard_each(tmp_path_factory, total, group, most) -> None:
    file = parquet(tmp_path_factory.mktemp("p") / "a.parquet", [text(n) for n in range(total)], group)
    shards = ids(find([str(file)]), most)
    assert [i for s in shards for i in s] == [f"a-{n}" for n in range(total)]
    assert all(len(s) <= most for s in shards)
    assert len(shards) >= 1


def test_small_row_groups_stay_whole(tmp_path) -> None:
    file = parquet(tmp_path / "a.parquet", [text(n) for n in range(100)], 30)
    assert [(s.start, s.stop) for s in cut(find([str(file)]), 70)] == [(0, 60), (60, 100)]


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 200))
@settings(max_examples=80, deadline=None)
def test_lines_are_in_one_shard_each_wherever_the_edges_fall(tmp_path_factory, sizes, step) -> None:
    from allegedly.scale import inputs

    file = tmp_path_factory.mktemp("j") / "a.jsonl"
    jsonl(file, [{"id": str(n), "text": "é" * size} for n, size in enumerate(sizes)])
    inputs.ARTICLE, kept = step, inputs.ARTICLE
    try:
        assert [i for s in ids(find([str(file)]), 1) for i in s] == [str(n) for n in range(len(sizes))]
    finally:
        inputs.ARTICLE = kept


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst", "ndjson"])
def test_json_lines_plain_and_compressed(tmp_path, suffix) -> None:
    data = b"".join(json.dumps({"id": n, "text": text(n)}).encode() + b"\n" for n in range(5))
    if suffix.endswith("gz"):
        data = gzip.compress(data[:9]) + gzip.compress(data[9:])  # more than one member, as parallel writers make
    if suffix.endswith("zst"):
        data = pytest.importorskip("zstandard").compress(data[:9]) + pytest.importorskip("zstandard").compress(data[9:])
    (tmp_path / f"a.{suffix}").write_bytes(data)
    assert ids(find([str(tmp_path)])) == [["0", "1", "2", "3", "4"]]


def test_what_is_wrong_with_a_line_is_said_and_the_others_are_read(tmp_path) -> None:
    file = jsonl(
        tmp_path / "a.jsonl",
        [{"text": "one"}, b"{half\n", b"\n", [1], {"id": "x"}, {"id": "y", "text": 7}, b"\xff\xfe\n", {"text": "last"}],
    )
    found = [r for s in cut(find([str(file)])) for r in rows(s)]
    assert [r.text for r in found if not r.error] == ["one", "last"]
    assert [r.error.split(":")[0] for r in found if r.error] == ["InputError"] * 5
    assert len({r.id for r in found}) == 7


def test_a_line_of_many_megabytes_is_an_error_not_a_death(tmp_path, monkeypatch) -> None:
    from allegedly.scale import readers

    monkeypatch.setattr(readers, "LONGEST_LINE", 1000)
    file = jsonl(tmp_path / "a.jsonl", [{"id": "a", "text": "x" * 5000}, {"id": "b", "text": "short"}])
    found = [r for s in cut(find([str(file)])) for r in rows(s)]
    assert [(r.id, bool(r.error)) for r in found] == [("a@0", True), ("b", False)]


def test_texts_of_a_folder(tmp_path) -> None:
    for n in range(5):
        (tmp_path / f"t{n}.txt").write_text(text(n))
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "picture.png").write_bytes(b"")
    found = [[(r.id, bool(r.error)) for r in rows(s)] for s in cut(find([str(tmp_path)]), 4)]
    assert found == [[("bad", True), ("t0", False), ("t1", False), ("t2", False)], [("t3", False), ("t4", False)]]


def test_ids_are_made_of_what_tells_inputs_apart(tmp_path) -> None:
    for name in ("one/x.1.jsonl", "one/x.2.JSONL", "two/x.1.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        jsonl(tmp_path / name, [{"text": "a"}])
    inputs = find([str(tmp_path / "one"), str(tmp_path / "two")])
    assert [i.name for i in inputs] == ["one/x.1", "one/x.2", "two/x.1"]
    assert [i.name for i in find([str(tmp_path / "one")])] == ["x.1", "x.2"]
    assert [i.name for i in find([str(tmp_path / "two" / "x.1.jsonl")])] == ["x.1"]


def test_limit_counts_over_inputs(tmp_path) -> None:
    parquet(tmp_path / "a.parquet", [text(n) for n in range(10)])
    jsonl(tmp_path / "b.jsonl", [{"id": f"b{n}", "text": text(n)} for n in range(10)])
    inputs = find([str(tmp_path)])
    assert sum(map(len, ids(inputs, limit=7))) == 7
    assert [len(s) for s in ids(inputs, limit=13)] == [10, 3]
    assert [len(s) for s in ids(inputs, limit=99)] == [10, 10]


def test_nothing_there_and_nothing_known(tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(InputError, match="nothing is there"):
        find([str(tmp_path / "none")])
    with pytest.raises(InputError, match="1 files of other kinds"):
        find([str(tmp_path)])
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="expected a Parquet file"):
        cut(find([str(tmp_path / "a.parquet")]))


def test_kept_columns_keep_their_type_and_are_asked_for_before_the_work(tmp_path) -> None:
    inputs = find([str(parquet(tmp_path / "a.parquet", ["x"], year=[1999]))])
    assert str(kept_schema(inputs, Columns(keep=("year",))).field("year").type) == "int64"
    with pytest.raises(InputError, match="expected a column url; it has id, text, year"):
        kept_schema(inputs, Columns(keep=("url",)))
    with pytest.raises(InputError, match="expected a column body"):
        kept_schema(inputs, Columns(text="body"))
    other = find([str(parquet(tmp_path / "b.parquet", ["x"], year=["1999"]))])
    with pytest.raises(InputError, match="is string, in another input int64"):
        kept_schema([*inputs, *other], Columns(keep=("year",)))


def test_pages_of_a_warc(tmp_path) -> None:
    pytest.importorskip("trafilatura")
    warcio = pytest.importorskip("warcio")
    from io import BytesIO

    body = "<p>Orla Venn said on Monday that the bridge over the Tarn would stay closed until spring.</p>" * 3
    page = f"<html><body><nav>Home</nav><article><h1>Bridge closed</h1>{body}</article></body></html>".encode()
    with open(tmp_path / "a.warc.gz", "wb") as file:
        from warcio.statusandheaders import StatusAndHeaders
        from warcio.warcwriter import WARCWriter

        writer = WARCWriter(file, gzip=True)
        for n, (kind, status, data) in enumerate(
            [
                ("text/html", "200 OK", page),
                ("image/png", "200 OK", b"x"),
                ("text/html", "404 No", page),
                ("text/html", "200 OK", b""),
            ]
        ):
            http = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.0")
            record = writer.create_warc_record(f"http://x.test/{n}", "response", BytesIO(data), http_headers=http)
            writer.write_record(record)
    columns = Columns(keep=("url", "date"))
    found = [r for s in cut(find([str(tmp_path)])) for r in rows(s, columns)]
    assert [r.kept["url"] for r in found] == ["http://x.test/0", "http://x.test/3"]
    assert "Orla Venn said" in found[0].text
    assert "Home" not in found[0].text
    assert found[1].error.startswith("NoText")
    assert warcio


def test_an_input_that_is_given_twice_is_read_once(tmp_path) -> None:
    for n in range(3):
        (tmp_path / f"t{n}.TXT").write_text(text(n))
    jsonl(tmp_path / "a.jsonl", [{"text": "a"}])
    given = [str(tmp_path / "t1.TXT"), str(tmp_path), str(tmp_path / "*.TXT"), str(tmp_path / "a.jsonl")]
    assert [i for s in ids(find(given)) for i in s] == ["t1", f"{tmp_path.name}/a@0", "t0", "t2"]


def test_inputs_whose_names_differ_in_the_suffix_alone_have_ids_of_their_own(tmp_path) -> None:
    for suffix in ("jsonl", "ndjson"):
        jsonl(tmp_path / f"a.{suffix}", [{"text": "a"}])
    assert ids(find([str(tmp_path)])) == [["a.jsonl@0"], ["a.ndjson@0"]]


def test_a_folder_whose_name_looks_like_a_pattern(tmp_path) -> None:
    (tmp_path / "[2023]").mkdir()
    jsonl(tmp_path / "[2023]" / "a.jsonl", [{"text": "a"}])
    assert ids(find([str(tmp_path / "[2023]")])) == [["a@0"]]


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
def test_a_compressed_file_that_is_cut_off_is_told(tmp_path, suffix) -> None:
    lines = b"".join(json.dumps({"id": n, "text": os.urandom(300).hex()}).encode() + b"\n" for n in range(900))
    pack = gzip.compress if suffix.endswith("gz") else pytest.importorskip("zstandard").compress
    first, second = pack(lines), pack(lines)
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(first + second)
    assert sum(map(len, ids(find([str(file)])))) == 1800
    file.write_bytes(first + second[:-9000])
    with pytest.raises(InputError, match=rf"a.{suffix}: cannot be read: EOFError"):
        ids(find([str(file)]))
    with pytest.raises(InputError, match="cannot be read"):
        cut(find([str(file)]), limit=9999)


def test_lines_of_a_file_system_whose_files_only_read(tmp_path, monkeypatch) -> None:
    """As those of hdfs."""
    from contextlib import contextmanager

    from allegedly.scale import inputs, readers

    class Only:
        def __init__(self, file) -> None:
            self.read, self.seek, self.tell = file.read, file.seek, file.tell

    @contextmanager
    def opened(url, *modes, **more):
        with open(url.removeprefix("file://"), "rb") as file:
            yield Only(file)

    file = jsonl(tmp_path / "a.jsonl", [{"id": n, "text": text(n)} for n in range(9)])
    monkeypatch.setattr(readers.fsspec, "open", opened)
    monkeypatch.setattr(inputs, "ARTICLE", 30)
    assert [i for s in ids(find([str(file)]), 1) for i in s] == [str(n) for n in range(9)]


@pytest.mark.parametrize("packed", [False, True])
def test_a_warc_that_is_cut_off_is_told(tmp_path, packed) -> None:
    pytest.importorskip("trafilatura")
    pytest.importorskip("warcio")
    from io import BytesIO

    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    file = tmp_path / ("a.warc.gz" if packed else "a.warc")
    with open(file, "wb") as stream:
        for n in range(3):
            page = f"<html><body><article><p>{text(n, os.urandom(90_000).hex())}</p></article></body></html>".encode()
            http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.0")
            writer = WARCWriter(stream, gzip=packed)
            writer.write_record(
                writer.create_warc_record(f"http://x.test/{n}", "response", BytesIO(page), http_headers=http)
            )
    assert sum(map(len, ids(find([str(file)])))) == 3
    file.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(InputError, match="cannot be read: EOFError"):
        ids(find([str(file)]))
