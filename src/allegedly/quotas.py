"""What the corpus's gold should hold, and what it holds: counted on gold, each with its goal. It judges nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from allegedly import slices
from allegedly.matrix import holds, matrix
from allegedly.schema import Article
from allegedly.store import Corpus

PARTS = ("verb", "negation", "noun or adjective", "characterization", "contrary")


class Quota(NamedTuple):
    """A count or share with its goal: `least` or `most` of it, or a range."""

    name: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def state(self) -> Literal["pass", "short", "over"]:
        """Whether the goal is met."""
        if self.least is not None and self.value < self.least:
            return "short"
        return "over" if self.most is not None and self.value > self.most else "pass"


def quotas(corpus: Corpus) -> list[Quota]:
    """Every quota, in the order of the goals."""
    articles = corpus.annotated()
    found: Counter[str] = Counter()
    lemmas: Counter[str] = Counter()
    denials: Counter[str] = Counter()
    positions = rejected = 0
    for article in articles:
        by_id = {a.id: a for a in article.attributions}
        for attribution in article.attributed:
            found["all"] += 1
            found[attribution.stance] += 1
            found["source"] += bool(attribution.source.spans)
            found["via"] += attribution.via is not None
            found["discontinuous"] += len(attribution.claim.spans) > 1
            found["refers"] += attribution.refers is not None
            source = attribution.source
            found["unnamed"] += bool(source.spans) and (not source.named or source.kind == "document")
            if lemma := slices.cue_lemma(article, attribution):
                lemmas[lemma] += 1
            if kind := slices.denial(article, attribution):
                denials[kind] += 1
            for _, held in holds(attribution, by_id):
                positions += 1
                rejected += not held
    total = max(found["all"], 1)
    both, across = _disputed(corpus, articles)
    most_denials = max((denials[k] for k in PARTS), default=0) / max(denials.total(), 1)
    return [
        Quota("attributions with a source", found["source"], 3000),
        Quota("share with stance deny", found["deny"] / total, 0.15),
        Quota("share of positions that reject", rejected / max(positions, 1), 0.18),
        Quota("share of the commonest kind of denial", most_denials, most=0.45),
        Quota("share with stance none", found["none"] / total, 0.08, 0.20),
        Quota("share with via", found["via"] / total, 0.08),
        Quota("share of discontinuous claims", found["discontinuous"] / total, 0.08),
        Quota("share with refers", found["refers"] / total, 0.05),
        Quota("share without words for the source", 1 - found["source"] / total, 0.04),
        Quota("share of unnamed sources and documents", found["unnamed"] / total, 0.15),
        Quota("distinct cue lemmas", len(lemmas), 150),
        Quota("share of the commonest cue lemma", max(lemmas.values(), default=0) / max(lemmas.total(), 1), most=0.35),
        Quota("propositions", sum(len(s.propositions) for s in corpus.stories.values()), 300),
        Quota("propositions with holders and rejecters", both, 200),
        Quota("of those, across articles", across, 120),
    ]


def _disputed(corpus: Corpus, annotated: Sequence[Article]) -> tuple[int, int]:
    """Propositions that somebody holds and somebody rejects (or holds a rival of); those where the two stand in different articles."""
    both = across = 0
    for story in corpus.stories.values():
        found = matrix(story, [a for a in annotated if a.story == story.id])
        for proposition in story.propositions:
            holders = {c.article for c in found.cells if c.proposition == proposition.id and c.holds}
            against = {c.article for c in found.cells if c.proposition == proposition.id and not c.holds}
            against |= {c.article for c in found.cells if c.proposition in proposition.excludes and c.holds}
            if holders and against:
                both += 1
                across += any(h != r for h in holders for r in against)
    return both, across
