"""The engine of a Ray cluster: one task a shard, the very function of the local engine. Needs the extra `scale`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from allegedly.scale.inputs import Shard
from allegedly.scale.local import TRIES, Done
from allegedly.scale.shard import Job, died_with_an_article
from allegedly.scale.stats import Stats, stats_of
from allegedly.scale.store import Output
from allegedly.scale.worker import Model, annotate
from allegedly.schema import AllegedlyError

#: Before `import ray`: no telemetry, workers as urgent as anything else, one thread each.
SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0", "OMP_NUM_THREADS": "1", "RAY_DEDUP_LOGS": "1"}
STORE = 256 << 20  # bytes of the object store, which holds nothing here but small answers


class ClusterError(AllegedlyError):
    """Ray is not installed, or the cluster cannot be reached."""


class Cluster:
    """Runs shards as tasks of Ray. `address`: auto, HOST:PORT, ray://HOST:PORT, or local for a Ray of its own on this machine."""

    def __init__(self, address: str, workers: int) -> None:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        try:
            import ray
        except ImportError:
            raise ClusterError("--cluster: expected Ray: pip install 'allegedly[scale]'") from None
        self._ray = ray
        common: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": True}
        if address == "local":
            common |= {"num_cpus": workers, "include_dashboard": False, "object_store_memory": STORE}
            common["_temp_dir"] = os.environ.get("ALLEGEDLY_RAY_TMP", os.path.join(tempfile.gettempdir(), "ray"))
            common["_node_ip_address"] = "127.0.0.1"
        else:
            common["address"] = address
        try:
            ray.init(**common)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ClusterError(f"--cluster {address}: cannot be reached: {str(error).splitlines()[0]}") from None

    @property
    def workers(self) -> int:
        """Cores of the cluster as it is now: nodes come and go."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def rows(self) -> int:
        """Nothing is heard from inside a task."""
        return 0

    def run(self, job: Job, model: Model, shards: Sequence[Shard]) -> Iterator[Done]:
        """Every shard's end, as they come; never more tasks than twice the cores, so that a driver holds little."""
        ray = self._ray
        task = ray.remote(num_cpus=1, max_retries=TRIES)(_work)
        waiting = list(reversed(shards))
        running: dict[Any, Shard] = {}
        try:
            while waiting or running:
                while waiting and len(running) < 2 * self.workers:
                    shard = waiting.pop()
                    running[task.remote(job, model, shard)] = shard
                ready, _ = ray.wait(list(running), timeout=1.0)
                for reference in ready:
                    shard = running.pop(reference)
                    try:
                        yield Done(shard, ray.get(reference))
                    except ray.exceptions.RayTaskError as error:
                        yield Done(shard, None, error.cause if isinstance(error.cause, Exception) else error)
                    except ray.exceptions.RayError as error:
                        if died_with_an_article(job, shard):
                            waiting.append(shard)
                        else:
                            yield Done(shard, None, error)
        finally:
            for reference in running:
                ray.cancel(reference, force=True)
            ray.shutdown()


def _work(job: Job, model: Model, shard: Shard) -> Stats:
    out = Output(job.out)
    if out.exists(shard.part):
        return stats_of(out, shard.part)  # a task that was run again after it had committed
    return annotate(job, model, shard)
