"""The local engine: some worker processes, each in an executor of its own, so that the death of one leaves the others alone."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, NamedTuple

from allegedly.scale.inputs import Shard
from allegedly.scale.shard import Job, died_with_an_article
from allegedly.scale.stats import Stats
from allegedly.scale.worker import Model, annotate

TRIES = 5  # deaths of a shard's workers with no article in hand after which it is given up: then it is not the articles


class Done(NamedTuple):
    """The end of a shard: what it holds, or why it has no part."""

    shard: Shard
    stats: Stats | None
    error: BaseException | None = None


class Local:
    """Runs shards in worker processes of this machine."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # of every worker: there are as many workers as cores
        self._context = multiprocessing.get_context("spawn")
        #: Rows done of the shard in work, one number a worker. Without a lock: a worker that is killed would never let go of it.
        self._rows: Any = self._context.RawArray("q", workers)
        self._opening = threading.Lock()  # no process is started once the end has begun

    def rows(self) -> int:
        """Rows done of the shards that are in work."""
        return sum(int(n) for n in self._rows[:])

    def run(self, job: Job, model: Model, shards: Sequence[Shard]) -> Iterator[Done]:
        """Every shard's end, as they come. Closing the iterator ends the workers."""
        todo: queue.SimpleQueue[Shard] = queue.SimpleQueue()
        ends: queue.SimpleQueue[Done] = queue.SimpleQueue()
        for shard in shards:
            todo.put(shard)
        stop = threading.Event()
        pools: list[ProcessPoolExecutor | None] = [None] * self.workers
        arguments = (ends, todo, stop, pools, job, model)
        threads = [threading.Thread(target=self._serve, args=(n, *arguments), daemon=True) for n in range(self.workers)]
        for thread in threads:
            thread.start()
        try:
            for _ in shards:
                yield ends.get()
        finally:
            with self._opening:
                stop.set()
            for pool in pools:
                if pool:
                    _end(pool)
            for thread in threads:
                thread.join(timeout=5)

    def _serve(
        self, slot: int, ends: Any, todo: Any, stop: threading.Event, pools: list[ProcessPoolExecutor | None], job: Job, model: Model
    ) -> None:  # fmt: skip
        while not stop.is_set():
            try:
                shard = todo.get_nowait()
            except queue.Empty:
                return
            try:
                end = self._shard(slot, shard, stop, pools, job, model)
            except BaseException as error:  # whatever it is: somebody waits for an end of every shard
                end = Done(shard, None, error)
            self._rows[slot] = 0
            ends.put(end)

    def _shard(
        self, slot: int, shard: Shard, stop: threading.Event, pools: list[ProcessPoolExecutor | None], job: Job, model: Model
    ) -> Done:  # fmt: skip
        """Have a shard annotated, by one worker after the other while they die over articles."""
        tries = 0
        while True:
            pool = None
            try:
                with self._opening:
                    if stop.is_set():
                        return Done(shard, None)
                    pool = pools[slot] = pools[slot] or self._pool(slot)
                    future: Future[Stats] = pool.submit(_work, job, model, shard)
                return Done(shard, future.result())
            except BrokenProcessPool as error:
                pools[slot] = None
                if pool:
                    _end(pool)
                if stop.is_set() or died_with_an_article(job, shard):
                    continue
                tries += 1
                if tries == TRIES:
                    return Done(shard, None, error)
                stop.wait(0.1 * 2**tries)

    def _pool(self, slot: int) -> ProcessPoolExecutor:
        arguments = (slot, self._rows, os.getpid())
        return ProcessPoolExecutor(1, mp_context=self._context, initializer=_start, initargs=arguments)


def _end(pool: ProcessPoolExecutor) -> None:
    """Kill an executor's process: what it was doing will be done again."""
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)


_heard: Callable[[int], None] = lambda rows: None  # noqa: E731


def _start(slot: int, rows: Any, driver: int) -> None:
    """In the worker, first: no answer to Ctrl+C, and death when the driver dies."""
    global _heard
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def heard(count: int) -> None:
        rows[slot] = count

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(0.5)
        os._exit(1)

    _heard = heard
    threading.Thread(target=watch, daemon=True).start()


def _work(job: Job, model: Model, shard: Shard) -> Stats:
    _heard(0)
    return annotate(job, model, shard, _heard)
