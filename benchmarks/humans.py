"""An annotator's layer beside human annotators, on articles that several people annotated.

    python benchmarks/humans.py CORPUS LAYER      # CORPUS: a folder made by `allegedly import polnear`; LAYER: ours, in annotations/layers

Prints, over the articles that LAYER holds: F1 of every pair of people, and of LAYER against each person, over the same articles; LAYER is cut as
the people's scheme cuts (see `outer`). Once for everything, once for speech alone. The texts and layers stay local.
"""

from __future__ import annotations

import sys
from itertools import combinations
from statistics import mean

import numpy as np

from allegedly.schema import Article, Attribution
from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import parse_measure
from allegedly.slices import cue_class
from allegedly.store import Corpus
from allegedly.tasks import get_task

MEASURES = (
    "AttributionF1(triple50)",
    "AttributionF1(overlap)",
    "AttributionF1(exact)",
    "SourceF1(overlap)",
    "CueF1(overlap)",
    "ClaimF1(overlap)",
)


def outer(article: Article) -> Article:
    """The layer as the people's scheme cuts it: no attribution inside another (via), and a quotation that goes on after its cue
    (`“X,” he said. “Y.”`) is one attribution, not two.
    """
    made: list[Attribution] = []
    for attribution in sorted(article.attributed, key=lambda a: a.claim.spans[0].start):
        if attribution.via is not None:
            continue
        before = made[-1] if made else None
        if before and not attribution.cue.spans and attribution.source.spans == before.source.spans:
            spans = tuple(sorted((*before.claim.spans, *attribution.claim.spans), key=lambda s: s.start))
            made[-1] = before.model_copy(update={"claim": before.claim.model_copy(update={"spans": spans})})
        else:
            made.append(attribution)
    return article.with_attributions(tuple(made))


def spoken(article: Article) -> Article:
    """The attributions whose cue says, denies, admits, accuses or asks, by our lexicon: attitudes and mere topics, which the schemes treat
    apart, are left out on either side.
    """
    kept = [a for a in article.attributed if cue_class(article, a) in ("say", "deny", "admit", "accuse", "ask")]
    return article.with_attributions(tuple(kept))


def f1(pairs: list[tuple[Article, Article]], measure: str) -> float:
    """F1 of the counts summed over pairs of layers."""
    chosen, task = parse_measure(measure), get_task("extraction")
    counts = [chosen.counts(Comparison(task, a, {a.id: b.attributions})) for a, b in pairs]
    return float(chosen.score(np.sum(counts, axis=0)))


def main() -> None:
    """Print one line a measure."""
    corpus, ours = Corpus(sys.argv[1]), sys.argv[2]
    layers = sorted(p.name for p in corpus.path("annotations", "layers").iterdir() if p.is_dir() and p.name != ours)
    names = sorted(p.stem for p in corpus.path("annotations", "layers", ours).glob("*.jsonl"))
    people: dict[str, dict[str, Article]] = {}
    for name in names:
        for layer in layers:
            if corpus.path("annotations", "layers", layer, f"{name}.jsonl").exists():
                people.setdefault(name, {})[layer] = corpus.article(name, layer=layer)
    mine = {name: outer(corpus.article(name, layer=ours)) for name in names}
    lines = [len(a.attributed) for by in people.values() for a in by.values()]
    print(
        f"{len(names)} articles; attributions a layer and article: people {mean(lines):.1f}, {ours} {mean(len(a.attributed) for a in mine.values()):.1f}"
    )
    for title, part in (("everything", lambda a: a), ("speech alone", spoken)):
        print(f"{title:26} between people   {ours} against people")
        for measure in MEASURES:
            between = [(part(by[a]), part(by[b])) for by in people.values() for a, b in combinations(sorted(by), 2)]
            against = [(part(person), part(mine[name])) for name, by in people.items() for person in by.values()]
            print(f"{measure:26} {f1(between, measure):14.3f}   {f1(against, measure):.3f}")


if __name__ == "__main__":
    main()
