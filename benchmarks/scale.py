"""How fast many articles are annotated, on this machine: python benchmarks/scale.py [--system rules] [--articles 2000] [--growth].

One core without any of the machinery, then the command with one worker and with two, then a Ray of two: articles a second by the clock,
seconds until the first article, peak memory of all processes together. `--growth` gives a thousand, ten and a hundred thousand short
articles to two workers. benchmarks/peers.py has spaCy's `nlp.pipe` beside. Figures to read, not tests; they want a quiet machine.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from allegedly.annotate import article_of
from allegedly.models import trained
from allegedly.store import open_corpus


def write(path: Path, texts: list[str], articles: int) -> None:
    """So many articles in one Parquet file, made of the texts by turns; written in pieces, so that any number fits."""
    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    with pq.ParquetWriter(path, schema) as file:
        for start in range(0, articles, 2000):
            numbers = range(start, min(start + 2000, articles))
            rows = [{"id": f"x{n}", "text": f"{texts[n % len(texts)]}\n{n}\n"} for n in numbers]
            file.write_table(pa.Table.from_pylist(rows, schema=schema))


class Memory:
    """The most that a process and its children held together, in MB, looked at once a second."""

    def __init__(self, pid: int) -> None:
        self.peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def _watch(self, pid: int) -> None:
        while not self._over.wait(1.0):
            self.peak = max(self.peak, sum(_resident(p) for p in _family(pid)) / 1024)

    def end(self) -> float:
        """Stop looking; the peak."""
        self._over.set()
        self._thread.join()
        return self.peak


def _family(pid: int) -> set[int]:
    parent: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
    found, new = {pid}, {pid}
    while new:
        new = {child for child, above in parent.items() if above in new} - found
        found |= new
    return found


def _resident(pid: int) -> int:
    """Proportional set size in kB: what several processes share is counted once."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return 0


def annotate(file: Path, system: str, articles: int, *more: str) -> float:
    """Run the command; articles a second from the first part's start on."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        words = [sys.executable, "-m", "allegedly", "annotate", str(file), "--out", str(out), "--system", system, *more]
        started = time.monotonic()
        running = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        memory = Memory(running.pid)
        while running.poll() is None and not list(out.glob("_state/part-*.json")):
            time.sleep(0.02)
        begun = time.monotonic()
        running.communicate()
        taken = time.monotonic() - begun
        name = " ".join(more)
        print(
            f"{system:8} {articles:7} articles  {name:32} {articles / taken:7.1f} articles/s  start-up {begun - started:5.1f} s  peak {memory.end():6.0f} MB",
            flush=True,
        )
        if running.returncode:
            sys.exit(f"the command ended with {running.returncode}")
        return articles / taken


def main() -> None:
    """Print one figure a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--system", default="rules")
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--growth", action="store_true")
    given = parser.parse_args()
    corpus = open_corpus()
    texts = [a.text for a in corpus.articles("train")]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "news.parquet"
        if given.growth:
            short = [t[:600].rsplit(".", 1)[0] + "." for t in texts]
            for many in (1_000, 10_000, 100_000):
                write(file, short, many)
                annotate(file, given.system, many, "--workers", "2", "--rows", "500")
            return
        write(file, texts, given.articles)
        system = trained(given.system, corpus).system
        some = [article_of(f"x{n}", texts[n % len(texts)] + f"\n{n}\n") for n in range(min(given.articles, 512))]
        system.predict(some[:8])
        started = time.perf_counter()
        for start in range(0, len(some), 64):
            system.predict(some[start : start + 64])
        alone = len(some) / (time.perf_counter() - started)
        print(f"{given.system:8} predict alone, one core {alone:7.1f} articles/s", flush=True)
        rows = str(max(50, given.articles // 16))
        one = annotate(file, given.system, given.articles, "--workers", "1", "--rows", rows)
        two = annotate(file, given.system, given.articles, "--workers", "2", "--rows", rows)
        print(f"one worker {one / alone:.0%} of one core, two workers {two / (2 * alone):.0%} of two")
        try:
            import ray  # noqa: F401
        except ImportError:
            print("Ray is not installed: pip install 'allegedly[scale]'")
            return
        ray_two = annotate(file, given.system, given.articles, "--workers", "2", "--rows", rows, "--cluster", "local")
        print(f"Ray {ray_two / two:.0%} of local")


if __name__ == "__main__":
    main()
