"""From token ranges to records: what every extracting system ends with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from allegedly.schema import Article, Attribution, Claim, Cue, Source, Span, Spans
from allegedly.systems import judge


class Found(NamedTuple):
    """An attribution as token ranges of its article."""

    source: tuple[tuple[int, int], ...]
    cue: tuple[tuple[int, int], ...]
    claim: tuple[tuple[int, int], ...]


def attribution(article: Article, number: int, found: Found, stance: str | None = None) -> Attribution:
    """Token ranges as a record; stance, kind and named by the lexicon unless given."""

    def spans(ranges: tuple[tuple[int, int], ...]) -> Spans:
        made = []
        for a, b in sorted(ranges):
            start, end = article.tokens[a].start, article.tokens[b - 1].end
            made.append(Span.unchecked(start=start, end=end, text=article.text[start:end]))
        return tuple(made)

    source = [article.text[s:e] for a, b in found.source for s, e in article.tokens[a:b]]
    cue = [article.text[s:e].lower() for a, b in found.cue for s, e in article.tokens[a:b]]
    return Attribution.unchecked(
        id=f"a{number:02}",
        source=Source.unchecked(
            spans=spans(found.source), entities=(), kind=judge.kind(source), named=judge.named(source)
        ),
        cue=Cue.unchecked(spans=spans(found.cue)),
        claim=Claim.unchecked(spans=spans(found.claim)),
        stance=stance or judge.stance(cue),
        via=None,
        refers=None,
        positions=(),
    )


def in_order(found: Sequence[Found]) -> list[Found]:
    """By where the claim starts, outer first, each once."""
    unique = {tuple(sorted(f.claim)): f for f in reversed(found)}
    return sorted(unique.values(), key=lambda f: (min(f.claim), -max(b for _, b in f.claim)))


def link_via(attributions: Sequence[Attribution]) -> tuple[Attribution, ...]:
    """Set via to the smallest claim that holds this attribution's claim and cue."""
    opening = sorted((s.start, s.end, n) for n, a in enumerate(attributions) for s in a.claim.spans)
    active: list[tuple[int, int, int]] = []
    via: dict[int, str] = {}
    at = 0
    for n in sorted(range(len(attributions)), key=lambda n: attributions[n].claim.spans[0].start):
        inner = attributions[n]
        start = inner.claim.spans[0].start
        while at < len(opening) and opening[at][0] <= start:
            active.append(opening[at])
            at += 1
        active = [x for x in active if x[1] > start]
        outers = [attributions[m] for m in {x[2] for x in active} - {n} if _holds(attributions[m], inner)]
        if outers:
            via[n] = min(outers, key=lambda o: (_size(o), o.id)).id
    return tuple(a.but(via=via[n]) if n in via else a for n, a in enumerate(attributions))


def _holds(outer: Attribution, inner: Attribution) -> bool:
    return bool(inner.cue.spans) and all(
        any(o.start <= s.start and s.end <= o.end for o in outer.claim.spans)
        for s in (*inner.claim.spans, *inner.cue.spans)
    )


def _size(attribution: Attribution) -> int:
    return sum(s.end - s.start for s in attribution.claim.spans)
