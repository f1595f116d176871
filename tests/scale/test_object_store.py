"""A real object store on this machine (moto's server, loopback only): no rename there, and a put shows the whole object or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request

import pyarrow.parquet as pq
import pytest
from conftest_scale import SYSTEM, make, parquet, text
from test_run import command

pytest.importorskip("s3fs")
moto = pytest.importorskip("moto.server")
pytestmark = pytest.mark.scale


@pytest.fixture
def bucket(monkeypatch):
    import fsspec

    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    fsspec.filesystem("s3").clear_instance_cache()
    fs = fsspec.filesystem("s3")
    fs.mkdir("news")
    yield fs
    fs.clear_instance_cache()
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/moto-api/reset", method="POST")).close()
    server.stop()


def read(fs, folder: str) -> list[dict]:
    fs.invalidate_cache()
    parts = sorted(p for p in fs.ls(folder, detail=False) if "part-" in p)
    return [row for p in parts for row in pq.read_table(fs.open(p)).to_pylist()]


def test_from_a_bucket_into_a_bucket_through_a_death(bucket, tmp_path) -> None:
    texts = [text(n) for n in range(120)]
    texts[70] = text(70, "DIE")
    bucket.put(str(parquet(tmp_path / "a.parquet", texts[:60])), "news/in/a.parquet")
    lines = b"".join(json.dumps({"id": f"b-{n}", "text": t}).encode() + b"\n" for n, t in enumerate(texts[60:]))
    bucket.pipe_file("news/in/b.jsonl", lines)
    done = make(["s3://news/in/"], "s3://news/out", workers=2, rows=20)
    found = read(bucket, "news/out")
    assert [r["id"] for r in found] == [f"a-{n}" for n in range(60)] + [f"b-{n}" for n in range(60)]
    assert [n for n, r in enumerate(found) if r["error"]] == [70]
    assert done.failed == []
    assert not bucket.exists("news/out/_state") or not bucket.ls("news/out/_state")


def test_a_killed_driver_leaves_whole_objects(bucket, tmp_path) -> None:
    bucket.put(str(parquet(tmp_path / "a.parquet", [text(n, "SLOW") for n in range(160)], 160)), "news/in/a.parquet")
    words = ("s3://news/in/*.parquet", "--out", "s3://news/out", "--system", SYSTEM, "--rows", 20, "--workers", 2)
    driver = command(*words, cwd=tmp_path)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        bucket.invalidate_cache()
        if bucket.exists("news/out") and any("part-" in p for p in bucket.ls("news/out", detail=False)):
            break
        time.sleep(0.2)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    read(bucket, "news/out")  # every object that is there can be read
    again = command(*words, cwd=tmp_path)
    said, told = again.communicate(timeout=120)
    assert again.returncode == 0, told
    assert "160 articles in 8 parts" in said
    found = read(bucket, "news/out")
    assert [r["id"] for r in found] == [f"a-{n}" for n in range(160)]
    assert bucket.exists("news/out/summary.html")


def test_a_disk_that_is_full(tmp_path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("no small file system can be mounted here")
    try:
        file = parquet(tmp_path / "a.parquet", [text(n, os.urandom(400).hex()) for n in range(300)], 300)
        words = (file, "--out", small / "out", "--system", SYSTEM, "--rows", 30, "--workers", 1)
        done = command(*words, cwd=tmp_path)
        _, told = done.communicate(timeout=120)
        assert done.returncode == 2
        assert "cannot be written: No space left on device" in told
        assert "the same command goes on" in told
        parts = list((small / "out").glob("part-*"))
        assert sum(pq.read_table(p).num_rows for p in parts) == 30 * len(parts)
        assert not list((small / "out").glob("**/*.tmp"))
        subprocess.run(["mount", "-o", "remount,size=10m", str(small)], check=True)
        done = command(*words, cwd=tmp_path)
        said, told = done.communicate(timeout=120)
        assert done.returncode == 0, told
        assert "300 articles in 10 parts" in said
    finally:
        subprocess.run(["umount", str(small)], check=False)
