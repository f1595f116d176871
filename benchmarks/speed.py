"""How fast it is, on this machine: python benchmarks/speed.py. Figures to read, not tests."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from dataclasses import replace

from allegedly.annotate import article_of
from allegedly.evaluation import evaluate
from allegedly.schema import Article, Attribution
from allegedly.store import Corpus, open_corpus
from allegedly.systems import get_system
from allegedly.tasks import get_task
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


def synthetic(
    corpus: Corpus, articles: int, each: int = 40
) -> tuple[list[Article], dict[str, tuple[Attribution, ...]]]:
    """Articles of `each` attributions made of annotated ones, in a hundred stories, and predictions: a fifth is missing, a fifth cut short."""
    whole = [a for a in corpus.annotated() if len(a.attributed) >= each]
    made, predicted = [], {}
    for n in range(articles):
        article = whole[n % len(whole)]
        record = article.record.model_copy(update={"id": f"x{n}", "story": f"t{n % 100}"})
        gold = tuple(x.model_copy(update={"via": None, "refers": None}) for x in article.attributed[:each])
        made.append(replace(article, record=record, attributions=gold))
        kept = [x for m, x in enumerate(gold) if (m + n) % 5]
        predicted[record.id] = tuple(_shorter(x) if (m + n) % 5 == 1 else x for m, x in enumerate(kept))
    return made, predicted


def _shorter(attribution: Attribution) -> Attribution:
    first, *rest = attribution.claim.spans
    first = first.model_copy(update={"end": max(first.start + 1, first.end - 7), "text": None})
    return attribution.model_copy(update={"claim": attribution.claim.model_copy(update={"spans": (first, *rest)})})


def _apart(side: tuple[Attribution, ...]) -> tuple[Attribution, ...]:
    """Those whose claims do not overlap: nervaluate gives a span the first that overlaps it, even where another is equal."""
    kept: list[Attribution] = []
    for x in side:
        if all(a.end <= b.start or b.end <= a.start for y in kept for a in x.claim.spans for b in y.claim.spans):
            kept.append(x)
    return tuple(kept)


def scoring(corpus: Corpus) -> None:
    """The scorer on a thousand articles, its growth, and beside nervaluate on the same spans."""
    from nervaluate.evaluator import Evaluator

    task = get_task("extraction")
    for many in (250, 500, 1000):
        articles, predicted = synthetic(corpus, many)
        for measures in (["AttributionF1(overlap)"], None):
            started = time.process_time()
            evaluation = evaluate(task, articles, predicted, measures)
            for name in evaluation.counts:
                evaluation.score(name)
            taken = time.process_time() - started
            shown = "the main measure" if measures else f"all {len(evaluation.counts)} measures"
            print(f"score {many:4} articles × 40: {shown:17} {taken:8.2f} s CPU, 2,000 draws each")

    def shaped(side: tuple[Attribution, ...]) -> list[dict[str, object]]:
        spans = sorted({(s.start, s.end) for a in side for s in a.claim.spans})
        return [{"label": "claim", "start": a, "end": b - 1} for a, b in spans]

    articles = [replace(a, attributions=_apart(a.attributions)) for a in articles]
    predicted = {name: _apart(side) for name, side in predicted.items()}
    started = time.process_time()
    mine = evaluate(task, articles, predicted, ["ClaimF1(fragment)"]).score("ClaimF1(fragment)", draws=0).value
    ours = time.process_time() - started
    sides = [[shaped(a.attributions) for a in articles], [shaped(predicted[a.id]) for a in articles]]
    started = time.process_time()
    found = Evaluator(*sides, tags=["claim"], loader="dict").evaluate()["overall"]["strict"]
    theirs = time.process_time() - started
    print(
        f"claim spans: {ours:.2f} s CPU, F1 {mine:.6f}; nervaluate {theirs:.2f} s CPU, strict F1 {found.f1:.6f}; {theirs / ours:.1f} times"
    )


def iterating(corpus: Corpus, many: int = 100_000) -> None:
    """Rows of the dataset, one after the other, from a file of many."""
    import tempfile
    from pathlib import Path

    from allegedly.dataset.build import write_parquet
    from allegedly.dataset.configs import CONFIGS
    from allegedly.dataset.load import load, rows

    config = CONFIGS["stance"]
    started = time.process_time()
    some = load("stance", "test", corpus=corpus)
    print(f"load stance, {len(some)} rows      {time.process_time() - started:8.3f} s CPU")
    whole = [some[n % len(some)] | {"id": f"x{n}"} for n in range(many)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stance.parquet"
        write_parquet(config, whole, file)
        started = time.process_time()
        count = sum(1 for _ in rows(file, config))
        print(f"iterate {count} rows      {count / (time.process_time() - started):10.0f} rows/s CPU")


def main() -> None:
    """Print one figure a line."""
    corpus = open_corpus()
    print(f"import allegedly            {cpu('-c', 'import allegedly'):8.3f} s CPU")
    print(f"allegedly --help            {cpu('-m', 'allegedly', '--help'):8.3f} s CPU")
    started = time.process_time()
    validate(corpus.root)
    print(f"validate the corpus         {time.process_time() - started:8.3f} s CPU")
    scoring(corpus)
    iterating(corpus)
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
