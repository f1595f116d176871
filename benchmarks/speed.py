"""How fast it is, on this machine: python benchmarks/speed.py. Figures to read, not tests."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from allegedly.annotate import article_of
from allegedly.store import open_corpus
from allegedly.systems import get_system
from allegedly.validate import validate


def cpu(*command: str) -> float:
    """CPU seconds of a command, the least of three runs."""
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def main() -> None:
    """Print one figure a line."""
    corpus = open_corpus()
    print(f"import allegedly            {cpu('-c', 'import allegedly'):8.3f} s CPU")
    print(f"allegedly --help            {cpu('-m', 'allegedly', '--help'):8.3f} s CPU")
    started = time.process_time()
    validate(corpus.root)
    print(f"validate the corpus         {time.process_time() - started:8.3f} s CPU")
    train = [a for a in corpus.articles("train") if a.attributions]
    texts = [a.text for a in train]
    for name in ("rules", "linear"):
        started = time.process_time()
        system = get_system(name, "extraction").fit(train)
        print(f"{name}: fit {len(train)} articles {' ' * (9 - len(name))} {time.process_time() - started:8.3f} s CPU")
        articles = [article_of(f"x{n}", texts[n % len(texts)] + f"\n{n}\n") for n in range(256)]
        started = time.process_time()
        system.predict(articles)
        taken = time.process_time() - started
        size = sum(len(a.text.encode()) for a in articles) / 1e6
        print(
            f"{name}: annotate {' ' * (17 - len(name))} {len(articles) / taken:8.0f} articles/s, {size / taken:.2f} MB/s a core"
        )
    print(f"peak memory                 {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")


if __name__ == "__main__":
    main()
