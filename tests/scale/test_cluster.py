"""A real Ray on this machine, and two nodes of it in network namespaces where the machine lets us make them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest_scale import SYSTEM, make, parquet, table, text
from test_run import command

pytest.importorskip("ray")
pytestmark = pytest.mark.scale


@pytest.fixture(autouse=True)
def short_folder(monkeypatch, tmp_path_factory):
    """Ray's sockets need a short path."""
    monkeypatch.setenv("ALLEGEDLY_RAY_TMP", f"/tmp/ray-{os.getpid()}")


def texts(n: int, *, more: dict[int, str] | None = None, slow: bool = True) -> list[str]:
    return [text(i, (more or {}).get(i, "SLOW" if slow else "")) for i in range(n)]


def test_ray_gives_what_workers_give_through_deaths(tmp_path) -> None:
    """A worker that dies once, an article that always kills; locally begun parts are gone on with."""
    file = parquet(
        tmp_path / "a.parquet", texts(120, more={30: f"ONCE {tmp_path / 'once'}", 77: "DIE"}, slow=False), group=120
    )
    out = tmp_path / "out"
    words = (file, "--out", out, "--system", SYSTEM, "--rows", 20)
    done = command(*words, "--cluster", "local", "--workers", 2, cwd=tmp_path)
    said, told = done.communicate(timeout=180)
    assert done.returncode == 0, told
    assert "120 articles in 6 parts" in said
    make([file], tmp_path / "here", workers=2, rows=20)
    assert table(out).equals(table(tmp_path / "here"))
    assert [n for n, e in enumerate(table(out)["error"].to_pylist()) if e] == [77]

    (out / "part-000004.parquet").unlink()
    done = command(*words, "--workers", 1, cwd=tmp_path)
    assert done.wait(timeout=120) == 0
    assert table(out).equals(table(tmp_path / "here"))


def test_a_killed_driver_of_ray(tmp_path) -> None:
    file = parquet(tmp_path / "a.parquet", texts(200), group=200)
    words = (file, "--out", tmp_path / "out", "--system", SYSTEM, "--rows", 20, "--cluster", "local", "--workers", 2)
    driver = command(*words, cwd=tmp_path, start_new_session=True)
    wait(lambda: list((tmp_path / "out").glob("part-*")), 120)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    again = command(*words, cwd=tmp_path)
    said, told = again.communicate(timeout=180)
    assert again.returncode == 0, told
    assert "200 articles in 10 parts" in said
    assert table(tmp_path / "out")["id"].to_pylist() == [f"a-{n}" for n in range(200)]
    assert table(tmp_path / "out")["error"].null_count == 200


def wait(for_what, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not for_what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


# ------------------------------------------------------------ two nodes

BRIDGE, HEAD, OTHER = "all-br", "10.231.7.1", "10.231.7.2"


def sh(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=120)


@pytest.fixture
def nodes(tmp_path):
    """Two network namespaces joined by a pair of links: 10.231.7.1 and 10.231.7.2, nothing else."""
    names = ("all-a", "all-b")
    try:
        for name in names:
            sh("ip", "netns", "add", name)
        sh("ip", "link", "add", "all-va", "netns", "all-a", "type", "veth", "peer", "name", "all-vb", "netns", "all-b")
        for name, link, address in (("all-a", "all-va", HEAD), ("all-b", "all-vb", OTHER)):
            sh("ip", "-n", name, "addr", "add", f"{address}/24", "dev", link)
            sh("ip", "-n", name, "link", "set", link, "up")
            sh("ip", "-n", name, "link", "set", "lo", "up")
    except (OSError, subprocess.CalledProcessError) as error:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        pytest.skip(f"no network namespaces here: {error}")
    yield names
    for name in names:
        found = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout.split()
        for pid in found:
            os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


def test_a_killed_node(nodes, tmp_path) -> None:
    token = tmp_path / "token"
    token.write_text("a" * 64)
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    env = os.environ | {
        "PYTHONPATH": path, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0", "OMP_NUM_THREADS": "1", "ALLEGEDLY_PROGRESS_EVERY": "0.5",
        "RAY_health_check_period_ms": "500", "RAY_health_check_failure_threshold": "4", "RAY_health_check_initial_delay_ms": "500",
    }  # fmt: skip
    ray = str(Path(sys.executable).parent / "ray")
    common = ["--num-cpus=1", "--object-store-memory=100000000", "--disable-usage-stats"]

    def inside(name: str, *words: str, **more):
        return subprocess.Popen(["ip", "netns", "exec", name, *words], env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)  # fmt: skip

    head = inside("all-a", ray, "start", "--head", f"--node-ip-address={HEAD}", "--port=6399", "--include-dashboard=false", f"--temp-dir=/tmp/ra{os.getpid()}", "--block", *common)  # fmt: skip
    wait(lambda: head.poll() is None and alive("all-a", 6399), 60)
    other = inside("all-b", ray, "start", f"--address={HEAD}:6399", f"--node-ip-address={OTHER}", "--block", *common)
    file = parquet(tmp_path / "a.parquet", texts(600), group=600)
    words = [
        sys.executable,
        "-m",
        "allegedly",
        "annotate",
        str(file),
        "--out",
        str(tmp_path / "out"),
        "--system",
        SYSTEM,
    ]
    time.sleep(8)  # the second node joins
    driver = inside("all-a", *words, "--rows", "20", "--cluster", f"{HEAD}:6399")
    wait(lambda: len(list((tmp_path / "out").glob("part-*"))) >= 4 or driver.poll() is not None, 120)
    pids = subprocess.run(["ip", "netns", "pids", "all-b"], capture_output=True, text=True).stdout.split()
    working = [
        p for p in pids if "ray::" in (Path(f"/proc/{p}/cmdline").read_text() if Path(f"/proc/{p}").exists() else "")
    ]
    for pid in pids:
        os.kill(int(pid), signal.SIGKILL)
    said, told = driver.communicate(timeout=240)
    assert driver.returncode == 0, told
    assert working, "the second node had no worker"
    assert "600 articles in 30 parts" in said
    found = table(tmp_path / "out")
    assert found["id"].to_pylist() == [f"a-{n}" for n in range(600)]
    assert found["error"].null_count == 600
    make([file], tmp_path / "here", rows=20)
    assert found.equals(table(tmp_path / "here"))
    for process in (head, other):
        process.kill()


def alive(name: str, port: int) -> bool:
    found = subprocess.run(["ip", "netns", "exec", name, "ss", "-ltn"], capture_output=True, text=True).stdout
    return f":{port} " in found
