"""Checks within one layer of one article: spans, links, sources, positions."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from allegedly.schema import Article, Attribution, Finding, Span, Story


class Place(NamedTuple):
    """Where a layer lies, for messages."""

    path: str
    article: str

    def found(self, code: str, message: str, line: int | None, attribution: str | None = None) -> Finding:
        """A finding in this layer."""
        return Finding(code, message, self.path, line, self.article, attribution)


def check_layer(
    article: Article, lines: Sequence[tuple[int, Attribution]], place: Place, story: Story | None
) -> Iterator[Finding]:
    """Every finding of a layer; `lines` holds line numbers and records."""
    seen: dict[str, int] = {}
    roles_seen: dict[object, str] = {}
    for line, attribution in lines:
        if attribution.id in seen:
            yield place.found("A015", f"also on line {seen[attribution.id]}", line, attribution.id)
        seen.setdefault(attribution.id, line)
        key = tuple(tuple((s.start, s.end) for s in spans) for spans in attribution.roles.values())
        if key in roles_seen:
            yield place.found("A020", f"same spans as {roles_seen[key]}", line, attribution.id)
        roles_seen.setdefault(key, attribution.id)
        yield from _spans(article, attribution, place, line)
        yield from _source(attribution, place, line)
        if story:
            yield from _inventory(attribution, place, line, story)
    yield from _links({a.id: a for _, a in lines}, lines, place)


def _spans(article: Article, attribution: Attribution, place: Place, line: int) -> Iterator[Finding]:
    text = article.text
    whole = True
    for role, spans in attribution.roles.items():
        for span in spans:
            shown = f"{role} {span.start}-{span.end}"
            if span.end > len(text):
                whole = False
                yield place.found("A011", f"{shown}: the text has {len(text)} code points", line, attribution.id)
                continue
            surface = text[span.start : span.end]
            if span.text is None:
                yield place.found("A032", f"{shown} is {surface!r}", line, attribution.id)
            elif span.text != surface:
                yield place.found("A012", f"{shown}: {_mismatch(text, span)}", line, attribution.id)
            if surface != surface.strip():
                yield place.found("A013", f"{shown}: {surface!r}", line, attribution.id)
            if (gap := _open_boundary(article, span)) is not None:
                yield place.found("A021", f"{shown}: after {text[max(0, gap - 30) : gap]!r}", line, attribution.id)
        if any(b.start < a.end for a, b in itertools.pairwise(spans)):
            whole = False
            yield place.found("A014", f"{role}: {[(s.start, s.end) for s in spans]}", line, attribution.id)
    if whole:
        for role in ("cue", "source"):
            for a in attribution.claim.spans:
                for b in attribution.roles[role]:
                    if a.start < b.end and b.start < a.end:
                        yield place.found("A019", f"{role} {text[b.start : b.end]!r}", line, attribution.id)


def _mismatch(text: str, span: Span) -> str:
    given = span.text or ""
    at = [m.start() for m in re.finditer(re.escape(given), text)][:3] if given else []
    where = f"that stands at {', '.join(map(str, at))}" if at else "that stands nowhere in it"
    return f"expected {given!r}, the text has {text[span.start : span.end]!r}; {where}"


def _open_boundary(article: Article, span: Span) -> int | None:
    """The first sentence end inside a span that no quotation marks hold together."""
    first = bisect_right(article.sentences, span.start, key=lambda s: s.end)
    for _, end in article.sentences[first:]:
        if end >= span.end:
            return None
        if not _quoted(article.text, end, span.end):
            return end
    return None


def _quoted(text: str, offset: int, end: int) -> bool:
    """Whether a sentence end lies inside quotation marks, or a quotation goes on in the next paragraph."""
    start = text.rfind("\n", 0, offset) + 1
    before, after = text[start:offset], text[offset:end].lstrip()
    inside = (
        before.count("“") > before.count("”")
        or before.count('"') % 2 == 1
        or len(re.findall(r"(?<!\w)[‘']", before)) > len(re.findall(r"(?<=[.,!?…])[’'](?!\w)", before))
    )
    return inside or (text[offset:end].startswith("\n") and after[:1] in "“\"‘'" and after != "")


def _source(attribution: Attribution, place: Place, line: int) -> Iterator[Finding]:
    source = attribution.source
    if attribution.is_narrator:
        wrong = [w for w, bad in (("source words", source.spans), ("a cue", attribution.cue.spans)) if bad]
        wrong += [] if attribution.stance == "assert" else [f"stance {attribution.stance}"]
        wrong += [] if attribution.positions else ["no position"]
        if wrong:
            yield place.found("A018", f"it has {', '.join(wrong)}", line, attribution.id)
    elif not source.spans and (source.kind != "unspecified" or source.named or source.entities):
        yield place.found("A027", f"kind {source.kind}, named {source.named}", line, attribution.id)


def _inventory(attribution: Attribution, place: Place, line: int, story: Story) -> Iterator[Finding]:
    entities = {e.id for e in story.entities}
    propositions = {p.id for p in story.propositions}
    for entity in attribution.source.entities:
        if entity not in entities:
            yield place.found("A023", f"{entity!r} is not in story {story.id}", line, attribution.id)
    named = [p.proposition for p in attribution.positions]
    for proposition in dict.fromkeys(named):
        if proposition not in propositions:
            yield place.found("A022", f"{proposition!r} is not in story {story.id}", line, attribution.id)
        if named.count(proposition) > 1:
            yield place.found("A028", f"{proposition!r}", line, attribution.id)


def _links(by_id: dict[str, Attribution], lines: Sequence[tuple[int, Attribution]], place: Place) -> Iterator[Finding]:
    for line, attribution in lines:
        for link in ("via", "refers"):
            target = getattr(attribution, link)
            if target is None:
                continue
            if target not in by_id:
                yield place.found("A016", f"{link} {target!r}", line, attribution.id)
                continue
            walked = [attribution.id]
            while target is not None and target in by_id and target not in walked:
                walked.append(target)
                target = getattr(by_id[target], link)
            if target == attribution.id:
                yield place.found("A017", f"{link}: {' → '.join([*walked, target])}", line, attribution.id)
        outer = by_id.get(attribution.via or "")
        if outer and not _inside(attribution.claim.spans, outer.claim.spans):
            yield place.found("A029", f"via {outer.id}", line, attribution.id)


def _inside(inner: Sequence[Span], outer: Sequence[Span]) -> bool:
    return all(any(o.start <= i.start and i.end <= o.end for o in outer) for i in inner)
