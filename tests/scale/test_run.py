from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest_scale import SYSTEM, corpus, jsonl, make, parquet, table, text

from allegedly.scale import shard as shards
from allegedly.scale import store
from allegedly.scale.inputs import InputError, cut, find
from allegedly.scale.local import Local
from allegedly.scale.readers import Columns
from allegedly.scale.run import forget_crashed, plan, run, sample, total
from allegedly.scale.shard import Job, annotate_shard
from allegedly.scale.store import Output, OutputError
from allegedly.scale.table import Made, schema
from allegedly.scale.table import table as arrow
from allegedly.systems import get_system


@pytest.fixture
def news(tmp_path):
    """300 articles in two files."""
    for f in range(2):
        parquet(tmp_path / "in" / f"f{f}.parquet", [text(n) for n in range(150)], url=[f"u{n}" for n in range(150)])
    return tmp_path / "in"


class Here:
    """An engine without processes, for tests in which nothing dies."""

    def rows(self) -> int:
        return 0

    def run(self, job, model, some):
        from allegedly.scale.local import Done
        from allegedly.scale.worker import system_of

        for one in some:
            try:
                yield Done(one, annotate_shard(job, one, system_of(job.out, model)))
            except Exception as error:
                yield Done(one, None, error)


def here(given, out, **more):
    return make(given, out, engine=Here, **more)


def test_every_article_once_with_its_columns_and_offsets(news, tmp_path) -> None:
    end = here([news], tmp_path / "out", rows=40, columns=Columns(keep=("url",)))
    found = table(tmp_path / "out").to_pylist()
    assert [r["id"] for r in found] == [f"f{f}-{n}" for f in range(2) for n in range(150)]
    assert (end.rows, end.errors, end.shards_done, end.failed) == (300, 0, end.shards, [])
    assert found[7]["url"] == "u7"
    (made,) = found[7]["attributions"]
    for role in ("source", "cue", "claim"):
        assert all(text(7)[s["start"] : s["end"]] == s["text"] for s in made[role])
    assert made["stance"] == "assert"
    assert found[7]["error"] is None
    assert found[7]["system"].startswith(SYSTEM)
    assert not list((tmp_path / "out" / "_state").iterdir())


def test_offsets_are_those_of_the_text_as_it_was_given(tmp_path) -> None:
    given = "\ufeffOrla Venn\r\nsaid the bridge\rwas shut."
    here([jsonl(tmp_path / "a.jsonl", [{"text": given}])], tmp_path / "out")
    (row,) = table(tmp_path / "out").to_pylist()
    spans = [s for a in row["attributions"] for role in ("source", "cue", "claim") for s in a[role]]
    assert spans
    assert all(given[s["start"] : s["end"]] == s["text"] for s in spans)


def test_an_article_that_raises_has_its_error_and_the_others_their_attributions(tmp_path) -> None:
    odd = [text(0), text(1, "RAISE"), None, " ", "x" * (shards.TOO_LONG + 1), text(2)]
    here([parquet(tmp_path / "a.parquet", odd)], tmp_path / "out")
    found = table(tmp_path / "out").to_pylist()
    assert [(r["error"] or "").partition(":")[0] for r in found] == [
        "",
        "ValueError",
        "InputError",
        "NoText",
        "TooLong",
        "",
    ]
    assert [len(r["attributions"]) for r in found] == [1, 0, 0, 0, 0, 1]
    assert total(plan([str(tmp_path / "a.parquet")], str(tmp_path / "out"), SYSTEM, corpus())).errors["ValueError"] == 1


def test_a_lone_surrogate_is_an_error(tmp_path) -> None:
    here([jsonl(tmp_path / "a.jsonl", [b'{"text": "Orla said \\ud800 it is so."}\n'])], tmp_path / "out")
    assert table(tmp_path / "out").to_pylist()[0]["error"].startswith("NoText")


def test_columns_of_the_input_that_are_named_as_ours(tmp_path) -> None:
    here(
        [parquet(tmp_path / "a.parquet", [text(1)], error=["mine"])], tmp_path / "out", columns=Columns(keep=("error",))
    )
    (row,) = table(tmp_path / "out").to_pylist()
    assert (row["error"], row["input_error"]) == (None, "mine")


def test_what_is_done_is_not_done_again(news, tmp_path) -> None:
    out = tmp_path / "out"
    here([news], out, rows=50)
    before = {p.name: p.stat().st_mtime_ns for p in out.glob("part-*")}
    (out / "part-000002.parquet").unlink()
    here([news], out, rows=50)
    after = {p.name: p.stat().st_mtime_ns for p in out.glob("part-*")}
    assert [n for n in after if after[n] != before[n]] == ["part-000002.parquet"]
    assert len(table(out)) == 300


def test_another_job_is_refused_and_says_what_differs(news, tmp_path) -> None:
    out = tmp_path / "out"
    here([news], out, rows=50)
    for change, message in (
        ({"rows": 40}, "rows was 50, now 40"),
        ({"system": "rules", "rows": 50}, "system was deadly:Deadly"),
    ):
        with pytest.raises(OutputError, match=message):
            here([news], out, **change)
    parquet(news / "f1.parquet", ["other"])
    parquet(news / "f2.parquet", ["new"])
    (news / "f0.parquet").unlink()
    with pytest.raises(OutputError, match=r"1 inputs no more there: .*f0.*1 inputs new: .*f2.*f1.parquet was"):
        here([news], out, rows=50)
    (tmp_path / "other").mkdir()
    parquet(tmp_path / "other" / "part-000000.parquet", ["x"])
    with pytest.raises(OutputError, match=r"holds parts but no _run\.json"):
        here([news], tmp_path / "other")


def test_a_vanished_input_is_told_and_the_rest_is_made(news, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    made = plan([str(news)], str(out), SYSTEM, corpus())
    data = (news / "f0.parquet").read_bytes()
    (news / "f0.parquet").unlink()
    end = run(made, Here, lambda progress, runner: None)
    assert [(f.shard.part, type(f.error)) for f in end.failed] == [("part-000000.parquet", FileNotFoundError)]
    assert len(table(out)) == 150
    (news / "f0.parquet").write_bytes(data)
    here([news], out)
    assert len(table(out)) == 300


def test_a_full_disk_stops_the_job_with_nothing_half_written(news, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    real, calls = os.replace, []

    def full(source, target) -> None:
        calls.append(target)
        if "part-000001" in str(target):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    monkeypatch.setattr(store.os, "replace", full)
    with pytest.raises(
        OutputError, match=r"part-000001.parquet: cannot be written: No space left.*same command goes on"
    ):
        here([news], out)
    assert [p.name for p in out.glob("**/*") if p.suffix in (".parquet", ".tmp")] == ["part-000000.parquet"]
    monkeypatch.undo()
    here([news], out)
    assert len(table(out)) == 300


def test_two_drivers_are_not_let_in(news, tmp_path) -> None:
    import fcntl

    out = tmp_path / "out"
    out.mkdir()
    with open(out / "_lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="another run is writing"):
            here([news], out)


def test_only_deaths_under_one_driver_with_the_article_alone_in_hand_leave_it_out(tmp_path) -> None:
    out = Output(str(tmp_path))

    def died(run: str, *hands: list[int]) -> shards.Deaths:
        state = shards.Deaths(out, run, "part-000000.parquet")
        for hand in hands:
            state.hand(hand)
        return shards.Deaths(out, run, "part-000000.parquet")

    after = died("one", [1, 2, 3])
    assert [after.left_out(n) for n in (1, 2, 3)] == [0, 0, 0]
    assert [after.suspects(n) for n in (1, 2, 3, 4)] == [True, True, True, False]
    after = died("one", [2])
    assert [after.left_out(n) for n in (1, 2, 3)] == [0, 2, 0]
    after = died("one", [3])
    assert [after.left_out(n) for n in (1, 2, 3)] == [0, 2, 2]
    after = died("two", [2])
    assert [after.left_out(n) for n in (1, 2, 3)] == [0, 0, 0]


def test_an_article_that_kills_its_worker_is_left_out_and_can_be_tried_again(tmp_path) -> None:
    once = tmp_path / "once"
    texts = [text(n) for n in range(100)]
    texts[70] = text(70, "DIE")
    texts[20] = text(20, f"ONCE {once}")
    file = parquet(tmp_path / "a.parquet", texts)
    out = tmp_path / "out"
    end = make([file], out, workers=2, rows=50)
    found = table(out).to_pylist()
    assert [r["id"] for r in found] == [f"a-{n}" for n in range(100)]
    assert [n for n, r in enumerate(found) if r["error"]] == [70]
    assert found[70]["error"].startswith("WorkerCrash: its worker died 2 times")
    assert (end.errors, end.failed) == (1, [])

    made = plan([str(file)], str(out), SYSTEM, corpus(), rows=50)
    assert forget_crashed(made) == 1
    assert [s.part for s in made.todo] == ["part-000001.parquet"]


def test_many_deadly_articles_are_left_out_one_by_one(tmp_path) -> None:
    texts = [text(n, "DIE" if n % 3 == 0 else "") for n in range(18)]
    make([parquet(tmp_path / "a.parquet", texts)], tmp_path / "out")
    assert [bool(r["error"]) for r in table(tmp_path / "out").to_pylist()] == [n % 3 == 0 for n in range(18)]


def test_parts_that_were_made_elsewhere_are_missed(news, tmp_path) -> None:
    class Elsewhere(Here):
        def run(self, job, model, some):
            from dataclasses import replace

            yield from super().run(replace(job, out=str(tmp_path / "elsewhere")), model, some)

    with pytest.raises(OutputError, match="2 parts were made and are not here"):
        make([news], tmp_path / "out", engine=Elsewhere)


def test_an_output_is_absolute(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Output("out").url == str(tmp_path / "out")


def test_workers_give_what_one_process_gives(news, tmp_path) -> None:
    here([news], tmp_path / "a", rows=40)
    make([news], tmp_path / "b", workers=2, rows=40)
    assert table(tmp_path / "a").equals(table(tmp_path / "b"))


def test_a_trained_system_travels_with_the_output(tmp_path, monkeypatch) -> None:
    """What a second machine trains may differ in the last bit: it takes the weights that are there."""
    from allegedly.scale import run as module

    articles = corpus().annotated("train")[:2]
    fitted = get_system("linear", "extraction").fit(articles)

    class Trained:
        system = fitted

    monkeypatch.setattr(module, "trained", lambda name, corpus: Trained)
    file = parquet(tmp_path / "a.parquet", [a.text for a in articles * 2])
    here([file], tmp_path / "out", system="linear", rows=2)
    monkeypatch.setattr(module, "trained", lambda name, corpus: pytest.fail("asked for another model"))
    (tmp_path / "out" / "part-000001.parquet").unlink()
    here([file], tmp_path / "out", system="linear", rows=2)
    found = table(tmp_path / "out").to_pylist()
    direct = fitted.predict(articles)
    assert [len(r["attributions"]) for r in found] == [len(direct[a.id]) for a in articles * 2]
    assert len({r["system"] for r in found}) == 1
    weights = next((tmp_path / "out" / "_model").glob("weights*"))
    weights.write_bytes(b"other")
    from allegedly.scale.worker import system_of

    system_of.cache_clear()
    (tmp_path / "out" / "part-000001.parquet").unlink()
    with pytest.raises(OutputError, match="expected the model"):
        here([file], tmp_path / "out", system="linear", rows=2)


def test_reads_back_with_datasets_and_duckdb(news, tmp_path) -> None:
    import datasets

    out = tmp_path / "out"
    here([news], out, rows=100)
    files = str(out / "*.parquet")
    whole = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    streamed = datasets.load_dataset(
        "parquet", data_files=files, split="train", streaming=True, cache_dir=str(tmp_path / "cache")
    )
    assert whole[0] == next(iter(streamed))
    assert whole[0]["attributions"][0]["stance"] == "assert"
    duckdb = pytest.importorskip("duckdb")
    found = duckdb.sql(
        f"select a.stance, count(*) from (select unnest(attributions) a from '{files}') group by 1"
    ).fetchall()
    assert found == [("assert", 300)]


def test_the_table_is_what_arrow_makes_of_the_dataset_s_rows() -> None:
    from allegedly.dataset.rows import attribution

    articles = [a for a in corpus().annotated("validation") if a.attributed][:5]
    made = [Made(a.id, a, None, {"year": n}) for n, a in enumerate(articles)] + [
        Made("x", None, "Error: no", {"year": None})
    ]
    kept = pa.schema([("year", pa.int16())])
    rows = [
        {"id": m.id, "attributions": [attribution(m.article, a) for a in m.article.attributions] if m.article else [],
         "error": m.error, "system": "s", "year": m.kept["year"]} for m in made
    ]  # fmt: skip
    assert arrow(made, "s", kept).equals(pa.Table.from_pylist(rows, schema=schema(kept)))


def test_an_empty_input_makes_an_empty_part(tmp_path) -> None:
    here([parquet(tmp_path / "a.parquet", [])], tmp_path / "out")
    assert len(table(tmp_path / "out")) == 0
    assert table(tmp_path / "out").schema.names == schema([]).names


def test_memory_store_commits_whole_objects(news, tmp_path) -> None:
    import fsspec

    fs = fsspec.filesystem("memory")
    here([news], "memory://bucket/out", rows=100)
    try:
        parts = sorted(p for p in fs.find("/bucket/out") if "part-" in p)
        assert sum(pq.read_table(fs.open(p)).num_rows for p in parts) == 300
        assert not fs.find("/bucket/out/_state")
    finally:
        fs.rm("/bucket", recursive=True)


def test_a_dry_run_measures_and_writes_nothing(news, tmp_path) -> None:
    made = plan([str(news)], str(tmp_path / "out"), SYSTEM, corpus())
    stats, seconds = sample(made, 10)
    assert (stats.rows, seconds > 0, (tmp_path / "out").exists()) == (10, True, False)


def test_a_job_annotates_in_bounded_batches(tmp_path) -> None:
    seen = []

    class Watched:
        def predict(self, articles):
            seen.append(len(articles))
            return {}

    (one,) = cut(find([str(parquet(tmp_path / "a.parquet", [text(n) for n in range(200)]))]))
    annotate_shard(Job(str(tmp_path / "out"), "r", "s", Columns(), pa.schema([])), one, Watched())
    assert max(seen) == shards.BATCH


# ------------------------------------------------------------ what a job is


def test_inputs_in_another_order_are_another_job(news, tmp_path) -> None:
    """Parts are numbered in the order of the inputs: in another one they would be doubled and lost."""
    first, second = news / "f0.parquet", news / "f1.parquet"
    here([first, second], tmp_path / "out")
    (tmp_path / "out" / "part-000001.parquet").unlink()
    with pytest.raises(OutputError, match="the inputs came in another order"):
        here([second, first], tmp_path / "out")


def test_texts_that_were_renamed_are_another_job(tmp_path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(4):
        (tmp_path / "in" / f"t{n}.txt").write_text(text(n))
    here([tmp_path / "in"], tmp_path / "out", rows=2)
    (tmp_path / "in" / "t0.txt").rename(tmp_path / "in" / "z.txt")
    with pytest.raises(OutputError, match="in had files of other names"):
        here([tmp_path / "in"], tmp_path / "out", rows=2)


def test_an_output_is_no_input(news, tmp_path) -> None:
    pattern = tmp_path / "in" / "**" / "*.parquet"
    here([pattern], news / "out")
    (news / "out" / "part-000001.parquet").unlink()
    here([pattern], news / "out")
    assert len(table(news / "out")) == 300
    with pytest.raises(InputError, match="or of the output"):
        here([news], news)


def test_a_plan_that_another_run_overtook_looks_again(news, tmp_path) -> None:
    late = plan([str(news)], str(tmp_path / "out"), SYSTEM, corpus(), rows=50)
    here([news], tmp_path / "out", rows=40)
    with pytest.raises(OutputError, match="rows was 40, now 50"):
        run(late, Here, lambda progress, runner: None)


# ------------------------------------------------------------ what goes wrong in a worker


def test_a_surrogate_in_an_id_or_a_kept_field_costs_no_part(tmp_path) -> None:
    lines = [{"id": "a\ud800", "text": text(1), "url": "u\udfff"}, {"id": "b", "text": text(2), "url": None}]
    here([jsonl(tmp_path / "a.jsonl", lines)], tmp_path / "out", columns=Columns(keep=("url",)))
    found = table(tmp_path / "out").to_pylist()
    assert [(r["id"], r["url"], len(r["attributions"])) for r in found] == [("a?", "u?", 1), ("b", None, 1)]


def test_an_answer_that_is_none_is_an_error_of_the_article(tmp_path) -> None:
    class Odd:
        def predict(self, articles):
            return {a.id: 7 if "RAISE" in a.text else () for a in articles}

    (one,) = cut(find([str(parquet(tmp_path / "a.parquet", [text(0), text(1, "RAISE"), text(2)]))]))
    stats = annotate_shard(Job(str(tmp_path / "out"), "r", "s", Columns(), pa.schema([])), one, Odd())
    assert (stats.rows, dict(stats.errors)) == (3, {"TypeError": 1})


def test_deaths_with_no_article_in_hand_leave_none_out(tmp_path, monkeypatch) -> None:
    """A worker that dies over what is read is no fault of the article before."""

    class Death(BaseException):
        pass

    def dying(*given):
        yield from (shards.Row(str(n), text(n), {}) for n in range(shards.BATCH))
        raise Death

    monkeypatch.setattr(shards, "rows", dying)
    (one,) = cut(find([str(parquet(tmp_path / "a.parquet", [text(0)] * 70))]))
    job = Job(str(tmp_path / "out"), "r", "s", Columns(), pa.schema([]))
    blamed = []
    for _ in range(5):
        with pytest.raises(Death):
            annotate_shard(job, one, get_system(SYSTEM, "extraction"))
        blamed.append(shards.died_with_an_article(job, one))
    assert blamed == [True, False, False, False, False]
    after = shards.Deaths(Output(job.out), "r", one.part)
    assert not any(after.left_out(n) for n in range(shards.BATCH))


def test_a_death_is_counted_once_however_often_it_is_asked_for(tmp_path) -> None:
    (one,) = cut(find([str(parquet(tmp_path / "a.parquet", [text(0)]))]))
    job = Job(str(tmp_path / "out"), "r", "s", Columns(), pa.schema([]))
    shards.Deaths(Output(job.out), "r", one.part).hand([0])
    assert [shards.died_with_an_article(job, one) for _ in range(3)] == [True, False, False]
    assert shards.Deaths(Output(job.out), "another", one.part).in_hand == []


def test_an_error_that_cannot_travel_is_told_by_name(tmp_path, monkeypatch) -> None:
    """UnknownIdError wants three arguments and is made again with one: the executor would take that for a death."""
    import pickle

    from allegedly.scale import worker

    (one,) = cut(find([str(parquet(tmp_path / "a.parquet", [text(0)]))]))
    job = Job(str(tmp_path / "out"), "r", "s", Columns(), pa.schema([]))
    with pytest.raises(RuntimeError, match="UnknownIdError: no system 'nobody'") as caught:
        worker.annotate(job, worker.Model("nobody", ""), one)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_every_shard_ends_even_where_the_engine_itself_fails(news, tmp_path, monkeypatch) -> None:
    def none(self, slot):
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(Local, "_pool", none)
    end = make([news], tmp_path / "out", workers=2, rows=50)
    assert [type(f.error) for f in end.failed] == [BlockingIOError] * 6


def test_counts_stay_small_in_an_input_that_is_not_cut(monkeypatch) -> None:
    from types import SimpleNamespace as Some

    from allegedly.scale import stats

    monkeypatch.setattr(stats, "MOST", 10)
    counted = stats.Stats()
    for n in range(100):
        words = f"often {n}"
        for span in (Some(start=0, end=5), Some(start=0, end=len(words))):
            made = Some(stance="none", source=Some(spans=(span,)), claim=Some(spans=()))
            counted.add(words, [made], None)
    assert len(counted.sources) <= 10
    assert counted.sources["often"] == 100


# ------------------------------------------------------------ the command


def command(*given, cwd: Path, **more) -> subprocess.Popen:
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    env = os.environ | {"PYTHONPATH": path, "ALLEGEDLY_PROGRESS_EVERY": "0.2"}
    words = [sys.executable, "-m", "allegedly", "annotate", *map(str, given)]
    return subprocess.Popen(words, cwd=cwd, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


@pytest.mark.scale
@pytest.mark.parametrize("after", [0.3, 1.2])
def test_a_killed_driver_leaves_no_worker_and_the_next_run_completes(tmp_path, after) -> None:
    file = parquet(tmp_path / "a.parquet", [text(n, "SLOW") for n in range(240)], group=240)
    words = (file, "--out", tmp_path / "out", "--system", SYSTEM, "--workers", 2, "--rows", 20)
    driver = command(*words, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out").glob("part-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(after)
    workers = children(driver.pid)
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{w}").exists() for w in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [w for w in workers if Path(f"/proc/{w}").exists()]
    again = command(*words, cwd=tmp_path)
    said, told = again.communicate(timeout=120)
    assert again.returncode == 0, told
    assert "240 articles in 12 parts" in said
    assert table(tmp_path / "out")["id"].to_pylist() == [f"a-{n}" for n in range(240)]
    assert not list((tmp_path / "out" / "_state").iterdir())
    assert table(tmp_path / "out")["error"].null_count == 240


def children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(status.parent.name))
        except (OSError, IndexError):
            continue
    return found


@pytest.mark.scale
def test_the_command_shows_progress_writes_a_page_and_ends_with_status_1_where_something_failed(news, tmp_path) -> None:
    words = (news, "--out", tmp_path / "out", "--system", SYSTEM, "--workers", 2, "--rows", 25, "--keep", "url")
    done = command(*words, cwd=tmp_path)
    said, told = done.communicate(timeout=120)
    assert (done.returncode, said.startswith(f"{tmp_path / 'out'}: 300 articles in 12 parts")) == (0, True), told
    page = (tmp_path / "out" / "summary.html").read_text()
    assert "300 articles annotated" in page
    assert "<script" not in page
    done = command(*words[:-2], cwd=tmp_path)
    assert "keep was ['url'], now []" in done.communicate(timeout=60)[1]
    assert done.returncode == 2
    dry = command(*words[:1], "--out", tmp_path / "new", "--system", SYSTEM, "--dry-run", cwd=tmp_path)
    said, _ = dry.communicate(timeout=60)
    assert "300 articles to annotate" in said
    assert not (tmp_path / "new").exists()


def test_options_for_many_need_an_output(tmp_path) -> None:
    done = command("x.txt", "--dry-run", cwd=tmp_path)
    assert "expected --out DIR" in done.communicate(timeout=60)[1]
    assert done.returncode == 2


def test_json_in_the_manifest_says_what_the_job_is(news, tmp_path) -> None:
    here([news], tmp_path / "out")
    about = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert about["system"].startswith(SYSTEM)
    assert len(about["inputs"]) == 2
    assert Local(1).rows() == 0
