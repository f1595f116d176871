"""Agreement between two layers, over the articles that both annotated. The one matcher pairs the records; n is always given.

What needs a pair (stance, kind, named, via, refers) is measured on attributions that match by overlap.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from allegedly import readings
from allegedly.match import Extents
from allegedly.schema import AllegedlyError, Article
from allegedly.scoring.comparison import Comparison
from allegedly.scoring.measures import parse_measure
from allegedly.store import Corpus, UnknownIdError, read_objects, read_text
from allegedly.tasks import get_task

#: F1 of one layer against the other; which is which does not matter.
MEASURES = (
    "AttributionF1(overlap)",
    "AttributionF1(exact)",
    "AttributionF1(triple50)",
    *(f"{role}F1({how})" for role in ("Source", "Cue", "Claim") for how in ("exact", "overlap")),
)
KAPPAS = ("stance", "kind", "named")
LINKS = ("via", "refers")
#: Names the gold where a layer is asked for.
GOLD = "gold"
Pair = tuple[Article, Article]


class NoAgreementError(AllegedlyError, ValueError):
    """Layers that share no article: there is nothing to agree on."""


class Agreement(NamedTuple):
    """Figures of one group of articles. A figure is None where it is not defined, as a kappa over a single class."""

    group: str
    articles: int
    lines: tuple[int, int]
    matched: int
    figures: dict[str, float | None]


def pairs(corpus: Corpus, left: str, right: str, only: Collection[str] | None = None) -> list[Pair]:
    """The articles (of those in `only`) that both layers hold, under each; `gold` is a layer too. NoAgreementError where there is none."""
    found = []
    for record in [*corpus.records.values(), *corpus.external.values()]:
        if only is not None and record.id not in only:
            continue
        paths = [
            corpus.gold_path(record)
            if layer == GOLD
            else corpus.path("annotations", "layers", layer, f"{record.id}.jsonl")
            for layer in (left, right)
        ]
        if all(p.exists() for p in paths) and corpus.text_path(record).exists():
            one, other = (corpus.article(record.id, layer=None if x == GOLD else x) for x in (left, right))
            found.append((one, other))
    if not found:
        raise NoAgreementError(f"layers {left!r} and {right!r} share no article: annotations/layers/<layer>/<id>.jsonl")
    return found


def grouping(corpus: Corpus, name: str) -> Callable[[Article], str]:
    """What names an article's group: `all`, a field of its record, or its `round` (annotations/rounds.json: round → stories)."""
    if name == "all":
        return lambda article: "all"
    if name in ("split", "story", "form", "domain"):
        return lambda article: str(getattr(article.record, name))
    if name != "round":
        raise UnknownIdError("grouping", name, ["all", "split", "story", "form", "domain", "round"])
    rounds = json.loads(read_text(corpus.path("annotations", "rounds.json")))
    of_story = {story: f"round {number}" for number, stories in rounds.items() for story in stories}
    return lambda article: of_story.get(article.story, "after the rounds")


def drafts(corpus: Corpus, story: str) -> list[list[readings.Line]] | None:
    """Both readers' position drafts of a story (annotations/positions/<reader>/<story>.jsonl); None unless both are there."""
    paths = [corpus.path("annotations", "positions", reader, f"{story}.jsonl") for reader in readings.READERS]
    return [[line for _, line in read_objects(p)] for p in paths] if all(p.exists() for p in paths) else None


def positions(corpus: Corpus) -> dict[str, readings.Counts]:
    """By article id: what agreement on its positions is computed from, where two readers gave them."""
    counted: dict[str, readings.Counts] = {}
    for story in corpus.stories.values():
        if (both := drafts(corpus, story.id)) is None:
            continue
        articles = [a for a in corpus.annotated() if a.story == story.id]
        found = readings.units(story, articles, *both)
        for article in articles:
            counted[article.id] = readings.counts(story, [u for u in found if u.article == article.id])
    return counted


def by(
    found: Sequence[Pair], key: Callable[[Article], str], read: Mapping[str, readings.Counts] | None = None
) -> list[Agreement]:
    """The agreement of each group, in order of first appearance, and of all. `read` adds the agreement on positions."""
    groups: dict[str, list[Pair]] = {}
    for pair in found:
        groups.setdefault(key(pair[0]), []).append(pair)
    made = [agreement(name, members, read) for name, members in groups.items()]
    return made if len(made) == 1 else [*made, agreement("all", found, read)]


def agreement(group: str, found: Sequence[Pair], read: Mapping[str, readings.Counts] | None = None) -> Agreement:
    """Every figure over some doubly annotated articles."""
    task = get_task("extraction")
    comparisons = [Comparison(task, left, {left.id: right.attributions}) for left, right in found]
    figures: dict[str, float | None] = {}
    for name in MEASURES:
        measure = parse_measure(name)
        figures[name] = float(measure.score(np.sum([measure.counts(c) for c in comparisons], axis=0)))
    for role in ("source", "cue", "claim"):
        figures[f"alpha({role})"] = _alpha(found, role)
    matched = [(c.gold[i], c.predicted[j]) for c in comparisons for i, j in c.pairs("overlap")]
    for field in KAPPAS:
        values = [
            [getattr(a if field == "stance" else a.source, field) for a in side] for side in zip(*matched, strict=True)
        ]
        figures[f"kappa({field})"] = _kappa(*values) if matched else None
        figures[f"same({field})"] = float(np.mean([a == b for a, b in zip(*values, strict=True)])) if matched else None
    for link in LINKS:
        same = [c.agrees(link, i, j) for c in comparisons for i, j in c.pairs("overlap")]
        figures[f"same({link})"] = float(np.mean(same)) if same else None
    if read:
        figures |= readings.figures([read[a.id] for a, _ in found if a.id in read])
    lines = (sum(len(a.attributed) for a, _ in found), sum(len(b.attributed) for _, b in found))
    return Agreement(group, len(found), lines, len(matched), figures)


def _alpha(found: Sequence[Pair], role: str) -> float | None:
    """Krippendorff's nominal alpha over tokens: is the token in this role of some attribution, or not."""
    import krippendorff

    rows: tuple[list[bool], list[bool]] = ([], [])
    for pair in found:
        for row, article in zip(rows, pair, strict=True):
            extents = Extents(article.text)
            covered: set[int] = set()
            for attribution in article.attributed:
                covered |= extents.mention(attribution.roles[role]).tokens
            row += [t.start in covered for t in article.tokens]
    data = np.array(rows, dtype=int)
    if len(np.unique(data)) < 2:
        return None
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))


def _kappa(left: Iterable[object], right: Iterable[object]) -> float | None:
    """Cohen's kappa."""
    from sklearn.metrics import cohen_kappa_score

    a, b = [str(x) for x in left], [str(x) for x in right]
    return None if len({*a, *b}) < 2 else float(cohen_kappa_score(a, b))
