"""Records as what the screen draws, and back. Pure: it talks to no server and writes nothing.

Going out, a claim is a region that bears its record's id; sources and cues are regions that records share where the words
are the same. What is not drawn (entities, positions, the narrator) stays in the records that travel in the task, `base`.

Coming back nothing is trusted: Label Studio checks neither offsets nor labels nor arrows. `read` says of each region
what is wrong with it; the records that it gives are complete only if it found no problem.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from allegedly.schema import Article, Attribution, Claim, Cue, Source, Span, Spans
from allegedly.studio import labelling as ls

ROLE_OF = {ls.CLAIM: "claim", ls.MORE: "claim", ls.SOURCE: "source", ls.CUE: "cue"}
ARROWS = {ls.SOURCE: "source", ls.CUE: "cue", ls.MORE: "more"}
LINKS = ("via", "refers")
ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Gen|Col|Inc|Ltd|Co|No|vs|etc|[ap]\.m|(?:\w\.)+\w)\.$")
OPENING, CLOSING = "“‘\"'«„", "”’\"'»"

Json = dict[str, Any]
Extent = tuple[int, int]


class Problem(NamedTuple):
    """What is wrong with a region or an arrow; `region` is its id, and what its words are stands in the message."""

    region: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} [region {self.region}]" if self.region else self.message


@dataclass
class Region:
    """A region as it came back, checked."""

    id: str
    label: str
    start: int
    end: int
    origin: str
    chosen: dict[str, str] = field(default_factory=dict)

    @property
    def extent(self) -> Extent:
        """Where it stands."""
        return self.start, self.end


@dataclass
class Drawn:
    """What an annotation holds. `problems` keep it from being a whole layer; `notes` are worth a look."""

    attributions: tuple[Attribution, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    origins: Counter[str] = field(default_factory=Counter)
    flags: tuple[str, ...] = ()
    comment: str = ""
    removed: tuple[str, ...] = ()


# ---------------------------------------------------------------- out


def results(article: Article, attributions: Iterable[Attribution]) -> list[Json]:
    """The regions, choices and arrows of some records, as a prediction's `result`. Narrator records are not drawn."""
    records = [a for a in attributions if not a.is_narrator]
    taken = {a.id for a in records}
    shared: dict[tuple[Any, ...], str] = {}
    regions: list[Json] = []
    arrows: list[Json] = []

    def named(prefix: str) -> str:
        name = next(n for k in range(1, len(taken) + 2) if (n := f"{prefix}-{k}") not in taken)
        taken.add(name)
        return name

    def draw(span: Span, label: str, name: str, **chosen: str) -> None:
        regions.extend(region(article.text, span.start, span.end, label, name, **chosen))

    def arrow(origin: str, target: str, label: str) -> None:
        arrows.append({"type": "relation", "from_id": origin, "to_id": target, "direction": "right", "labels": [label]})

    for a in records:
        first, *rest = a.claim.spans
        draw(first, ls.CLAIM, a.id, stance=a.stance)
        for span in rest:
            draw(span, ls.MORE, name := named(f"{a.id}-more"))
            arrow(a.id, name, "more")
        chosen = {"kind": a.source.kind, "named": "named" if a.source.named else "not named"}
        for label, spans, extra in ((ls.SOURCE, a.source.spans, chosen), (ls.CUE, a.cue.spans, {})):
            for span in spans:
                key = (label, span.start, span.end, *extra.values())
                if key not in shared:
                    shared[key] = named(label.lower())
                    draw(span, label, shared[key], **extra)
                arrow(a.id, shared[key], ARROWS[label])
        for link in LINKS:
            if target := getattr(a, link):
                arrow(a.id, target, link)
    return regions + arrows


def region(text: str, start: int, end: int, label: str, name: str, **chosen: str) -> list[Json]:
    """One region and what is chosen for it."""
    where = {"start": start, "end": end, "text": text[start:end]}
    common = {"id": name, "to_name": ls.TEXT}
    made: list[Json] = [{**common, "from_name": ls.SPAN, "type": "labels", "value": where | {"labels": [label]}}]
    for control, value in chosen.items():
        made.append({**common, "from_name": control, "type": "choices", "value": where | {"choices": [value]}})
    return made


# ---------------------------------------------------------------- back


def read(article: Article, result: Any, base: Sequence[Attribution] = ()) -> Drawn:
    """The records of an annotation's `result`. `base` holds the records that were pushed with the task.

    A record of `base` whose claim region is there keeps its id, its place, its entities and its positions; one that is
    gone is named in `removed`. A claim that an annotator drew takes its region's id, so that pulling again changes nothing.
    """
    drawn = Drawn()
    if not isinstance(result, list):
        drawn.problems.append(Problem("", f"expected a list of results, got {type(result).__name__}"))
        return drawn
    regions = _regions(article, result, base, drawn)
    outgoing = _arrows(article, result, regions, drawn)
    names = _names(regions, outgoing, base)
    known = {a.id: a for a in base}
    made: dict[str, Attribution] = {}
    for r in regions.values():
        if r.label == ls.CLAIM:
            record = _record(article, r, outgoing.get(r.id, []), names, known.get(names[r.id]), drawn)
            if record is not None:
                made[record.id] = record
    _unattached(article, regions, outgoing, drawn)
    drawn.attributions = tuple(_ordered(made, base))
    drawn.removed = tuple(a.id for a in base if not a.is_narrator and a.id not in set(names.values()))
    return drawn


def _regions(article: Article, result: Sequence[Any], base: Sequence[Attribution], drawn: Drawn) -> dict[str, Region]:
    pushed = {(role, s.start, s.end) for a in base for role, spans in a.roles.items() for s in spans}
    regions: dict[str, Region] = {}
    bad: set[str] = set()
    chosen: list[tuple[str, str, Any]] = []
    for entry in result:
        if not isinstance(entry, Mapping):
            drawn.problems.append(Problem("", f"expected a region or an arrow, got {_clip(entry)}"))
            continue
        kind, name, value = entry.get("type"), str(entry.get("id", "")), entry.get("value")
        if kind == "labels":
            try:
                found = _region(article, entry, name, pushed, drawn)
            except ValueError as error:
                drawn.problems.append(Problem(name, str(error)))
                bad.add(name)
                continue
            if name in regions:
                drawn.problems.append(Problem(name, "two regions have this id"))
            regions[name] = found
            drawn.origins[found.origin] += 1
        elif kind == "choices" and entry.get("from_name") == ls.FLAG:
            drawn.flags = tuple(_strings(value, "choices"))
        elif kind == "choices":
            chosen.append((name, str(entry.get("from_name")), value))
        elif kind == "textarea":
            drawn.comment = " ".join(_strings(value, "text"))
        elif kind != "relation":
            drawn.problems.append(Problem(name, f"a result of type {kind!r} is not part of our labelling config"))
    for name, control, value in chosen:
        if name in bad:
            continue
        values = _strings(value, "choices")
        if name not in regions:
            drawn.problems.append(Problem(name, f"a choice ({control}: {_clip(values)}) belongs to no region"))
        elif len(values) != 1 or values[0] not in VALUES.get(control, ()):
            offered = ", ".join(VALUES.get(control, ())) or "no such control"
            drawn.problems.append(Problem(name, f"{control}: expected one of {offered}, got {_clip(values)}"))
        else:
            regions[name].chosen[control] = values[0]
    return regions


VALUES = {
    ls.STANCE: tuple(c.value for c in ls.STANCE_CHOICES),
    ls.KIND: tuple(c.value for c in ls.KIND_CHOICES),
    ls.NAMED: tuple(c.value for c in ls.NAMED_CHOICES),
}


def _region(article: Article, entry: Mapping[str, Any], name: str, pushed: set[Any], drawn: Drawn) -> Region:
    """ValueError says what is wrong with it."""
    value = entry.get("value")
    if not isinstance(value, Mapping):
        raise ValueError("a region without a value")
    start, end, text = value.get("start"), value.get("end"), article.text
    labels = _strings(value, "labels")
    shown = _clip(value.get("text"))
    if type(start) is not int or type(end) is not int:
        raise ValueError(f"offsets must be whole numbers, got {_clip(start)} and {_clip(end)} for {shown}")
    if end <= start:
        raise ValueError(f"a region must end after it starts, got {start} to {end} for {shown}")
    if start < 0 or end > len(text):
        raise ValueError(f"{start} to {end} for {shown} is outside the text, which has {len(text)} code points")
    if len(labels) != 1 or labels[0] not in ROLE_OF:
        raise ValueError(f"expected one label of {', '.join(ROLE_OF)}, got {_clip(labels)} on {text[start:end]!r}")
    if isinstance(value.get("text"), str) and not _alike(value["text"], text[start:end]):
        raise ValueError(_shifted(text, start, end, value["text"]))
    role = ROLE_OF[labels[0]]
    if (role, start, end) not in pushed:
        kept = trim(text, start, end, role)
        if kept is None:
            raise ValueError(f"nothing but white space or quotation marks: {text[start:end]!r}")
        if kept != (start, end):
            drawn.notes.append(Problem(name, f"{text[start:end]!r} was trimmed to {text[kept[0] : kept[1]]!r}"))
        start, end = kept
    return Region(name, labels[0], start, end, str(entry.get("origin") or "manual"))


def trim(text: str, start: int, end: int, role: str = "claim") -> Extent | None:
    """A region without white space, closing punctuation and unpaired or outer quotation marks; None if nothing is left.

    The browser's word-wise selection takes such characters along.
    """
    while True:
        before = (start, end)
        while start < end and text[start].isspace():
            start += 1
        while start < end and (text[end - 1].isspace() or text[end - 1] in ",;:"):
            end -= 1
        if (
            role == "claim"
            and re.search(r"\w{2}[”’\"')]?\.$", text[start:end])
            and not ABBREVIATED.search(text[start:end])
        ):
            end -= 1
        inner = text[start:end]
        if inner[:1] and inner[0] in OPENING and inner[-1] in CLOSING and len(inner) > 1 and _one_quotation(inner):
            start, end = start + 1, end - 1
        elif inner[-1:] and inner[-1] in "”»" and not any(c in "“„«" for c in inner):
            end -= 1
        elif inner[:1] and inner[0] in "“„«" and not any(c in "”»" for c in inner):
            start += 1
        elif inner.count('"') == 1 and '"' in (inner[0], inner[-1]):
            start, end = (start + 1, end) if inner[0] == '"' else (start, end - 1)
        if start >= end:
            return None
        if (start, end) == before:
            return before


def _one_quotation(inner: str) -> bool:
    """Whether the outer marks are one pair, with no end or start of another quotation between them."""
    body = inner[1:-1]
    if inner[0] in "'‘":
        return not re.search(r"['’](?=\s|$)|(?<=\s)['‘]|(?<=[,.!?])['’]", body)
    return not any(c in '“”"«»„' for c in body)


def _alike(given: str, surface: str) -> bool:
    """Label Studio writes line ends as backslash-n and joins spaces, so the letters alone are compared."""

    def letters(value: str) -> str:
        return re.sub(r"\s|\\[nrt]", "", value)

    return letters(given) == letters(surface)


def _shifted(text: str, start: int, end: int, given: str) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    there = units[2 * start : 2 * end].decode("utf-16-le", "replace")
    hint = ": they count UTF-16 units, and must count code points" if _alike(given, there) else ""
    return f"the offsets {start} to {end} are of {text[start:end]!r}, the region says {_clip(given)}{hint}"


def _arrows(
    article: Article, result: Sequence[Any], regions: Mapping[str, Region], drawn: Drawn
) -> dict[str, list[tuple[str, Region]]]:
    """For each claim's region, the arrows from it: what they mean, and the region they lead to."""
    found: dict[str, list[tuple[str, Region]]] = {}
    for entry in result:
        if not isinstance(entry, Mapping) or entry.get("type") != "relation":
            continue
        ends = [str(entry.get("from_id", "")), str(entry.get("to_id", ""))]
        if missing := [e for e in ends if e not in regions]:
            drawn.problems.append(
                Problem(missing[0], f"an arrow {ends[0]} → {ends[1]} leads to a region that is not there")
            )
            continue
        if entry.get("direction") == "left":
            ends.reverse()
        origin, target = (regions[e] for e in ends)
        if (
            origin.label in ARROWS and target.label == ls.CLAIM
        ):  # drawn the other way round: only one reading is possible
            origin, target = target, origin
        label = next(iter(_strings(entry, "labels")), None)
        try:
            meaning = _meaning(article, origin, target, label)
        except ValueError as error:
            drawn.problems.append(Problem(origin.id, str(error)))
            continue
        arrows = found.setdefault(origin.id, [])
        if (meaning, target) not in arrows:
            arrows.append((meaning, target))
    return found


def _meaning(article: Article, origin: Region, target: Region, label: str | None) -> str:
    """What an arrow means: its end points say, and between two claims its label or, if it has none, how they lie."""
    shown = f"an arrow from the {_shown(article, origin)} to the {_shown(article, target)}"
    if label is not None and label not in ls.RELATIONS:
        raise ValueError(f"{shown}: expected one of {', '.join(ls.RELATIONS)}, got {_clip(label)}")
    if origin.label != ls.CLAIM or origin is target:
        raise ValueError(
            f"{shown} means nothing: arrows lead from a claim to its source, cue, continuation or another claim"
        )
    if target.label in ARROWS:
        meaning = ARROWS[target.label]
        if label not in (None, meaning):
            raise ValueError(f"{shown} is labelled {label!r}; between these it can only mean {meaning!r}")
        return meaning
    if label in LINKS:
        return label
    if label is not None:
        raise ValueError(f"{shown} is labelled {label!r}; between claims it is via or refers")
    return "via" if target.start <= origin.start and origin.end <= target.end else "refers"


def _names(
    regions: Mapping[str, Region], outgoing: Mapping[str, list[tuple[str, Region]]], base: Sequence[Attribution]
) -> dict[str, str]:
    """The record id of each claim's region: its own, that of the pushed record with the same words, or one made of it."""
    claims = [r for r in regions.values() if r.label == ls.CLAIM]
    known = {a.id for a in base}
    names = {r.id: r.id for r in claims if r.id in known}
    free: dict[tuple[Extent, ...], list[str]] = {}
    for a in base:
        if a.id not in names and not a.is_narrator:
            free.setdefault(tuple((s.start, s.end) for s in a.claim.spans), []).append(a.id)
    for r in claims:
        if r.id not in names:
            extents = sorted([r.extent, *(t.extent for m, t in outgoing.get(r.id, []) if m == "more")])
            same = free.get(tuple(extents), [])
            if same:
                names[r.id] = same.pop(0)
            else:
                safe = re.sub(r"[^A-Za-z0-9._-]", "-", r.id)[:60]
                names[r.id] = safe if safe[:1].isalnum() and safe not in known else f"r{safe}"
    return names


def _record(
    article: Article,
    claim: Region,
    arrows: Sequence[tuple[str, Region]],
    names: Mapping[str, str],
    old: Attribution | None,
    drawn: Drawn,
) -> Attribution | None:
    def wrong(message: str) -> None:
        drawn.problems.append(Problem(claim.id, f"{_shown(article, claim)}: {message}"))

    def spans(*of: Region) -> Spans:
        return tuple(Span(start=s, end=e, text=article.text[s:e]) for s, e in sorted({r.extent for r in of}))

    before = len(drawn.problems)
    by: dict[str, list[Region]] = {}
    for meaning, target in arrows:
        by.setdefault(meaning, []).append(target)
    stance = claim.chosen.get(ls.STANCE)
    if stance is None:
        wrong("it has no stance: assert, deny or none")
    kinds = {(r.chosen.get(ls.KIND), r.chosen.get(ls.NAMED)) for r in by.get("source", [])}
    if len(kinds) > 1:
        wrong(
            "its sources differ in kind or named; two sources with a stance each need two claims (one over the other)"
        )
    for link in LINKS:
        if len(by.get(link, [])) > 1:
            wrong(f"{len(by[link])} arrows say {link}; there can be one")
    if any(None in k for k in kinds) or len(drawn.problems) > before or stance is None:
        return None  # a source without kind is reported once, at the source
    kind, named = next(iter(kinds), ("unspecified", "not named"))
    links = {link: names[by[link][0].id] if by.get(link) else None for link in LINKS}
    source_spans = spans(*by.get("source", []))
    entities: tuple[str, ...] = ()
    if old and _extents(old.source.spans) == _extents(source_spans):
        entities = old.source.entities
    elif old and old.source.entities:
        drawn.notes.append(Problem(claim.id, f"{old.id}: its source changed, so its entities were taken off"))
    made = Attribution(
        id=names[claim.id],
        source=Source(spans=source_spans, entities=entities, kind=kind, named=ls.NAMED_VALUES[str(named)]),
        cue=Cue(spans=spans(*by.get("cue", []))),
        claim=Claim(spans=spans(claim, *by.get("more", []))),
        stance=stance,
        positions=old.positions if old else (),
        **links,
    )
    if old and old.positions and _extents(old.claim.spans) != _extents(made.claim.spans):
        drawn.notes.append(Problem(claim.id, f"{old.id}: its claim changed; look whether its positions still hold"))
    return made


def _extents(spans: Spans) -> tuple[Extent, ...]:
    return tuple((s.start, s.end) for s in spans)


def _unattached(
    article: Article, regions: Mapping[str, Region], outgoing: Mapping[str, list[tuple[str, Region]]], drawn: Drawn
) -> None:
    reached = {target.id for arrows in outgoing.values() for _, target in arrows}
    for r in regions.values():
        if r.label != ls.CLAIM and r.id not in reached:
            drawn.problems.append(
                Problem(r.id, f"{_shown(article, r)}: no claim has an arrow to it; draw one, or delete the region")
            )
        if r.label == ls.SOURCE and (lacks := [c for c in (ls.KIND, ls.NAMED) if c not in r.chosen]):
            drawn.problems.append(Problem(r.id, f"{_shown(article, r)}: it has no {' and no '.join(lacks)}"))


def _ordered(made: Mapping[str, Attribution], base: Sequence[Attribution]) -> list[Attribution]:
    """Pushed records in the order in which they were pushed; new ones where their claims stand in the text."""

    def place(a: Attribution) -> tuple[int, int]:
        return a.claim.spans[0].start, -a.claim.spans[-1].end

    known = {a.id for a in base}
    fresh = sorted((a for a in made.values() if a.id not in known), key=lambda a: (*place(a), a.id))
    order: list[Attribution] = []
    narrators: list[Attribution] = []  # they stay behind what they stood behind
    for old in base:
        if old.is_narrator:
            narrators.append(old)
        elif old.id in made:
            if fresh and place(fresh[0]) < place(made[old.id]):
                cut = next((k for k, a in enumerate(fresh) if place(a) >= place(made[old.id])), len(fresh))
                order, fresh = order + fresh[:cut], fresh[cut:]
            order += [*narrators, made[old.id]]
            narrators = []
    return [*order, *fresh, *narrators]


def _strings(value: Any, key: str) -> list[str]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return [str(v) for v in found] if isinstance(found, list) else [found] if isinstance(found, str) else []


def _shown(article: Article, r: Region) -> str:
    return f"{r.label.lower()} {_clip(article.text[r.start : r.end])}"


def _clip(value: Any, width: int = 60) -> str:
    shown = repr(value)
    return shown if len(shown) <= width else shown[: width - 1] + "…"
