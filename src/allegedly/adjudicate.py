"""Two layers of one article side by side, and the gold that a third reader makes of them. No line of either is lost.

`units` pairs the layers: what agrees, and what does not with the fields that differ. `decide` applies a reader's decisions
and gives the gold layer with a log of every decision. It reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from allegedly.match import Extents, Triple, jaccard, match, similarity
from allegedly.schema import AllegedlyError, Article, Attribution
from allegedly.text.anchor import ROLES, anchor_line
from allegedly.text.quote import draft_line

FIELDS = ("source", "cue", "claim", "stance", "kind", "named", "via", "refers")
LEAST_ALIKE = 1.0  # sum of the roles' Jaccards, of 3, from which two lines count as two readings of one thing


class DecisionError(AllegedlyError, ValueError):
    """Decisions that leave a line undecided, or name what is not there. The message lists each."""


class Unit(NamedTuple):
    """What each annotator made of one thing: a record, or None who did not see it. `id` is `u01`, … in text order."""

    id: str
    readings: tuple[Attribution | None, Attribution | None]
    differs: tuple[str, ...]

    @property
    def agreed(self) -> bool:
        """Whether both annotators wrote the same."""
        return not self.differs

    @property
    def first(self) -> Attribution:
        """A reading that is there."""
        return next(r for r in self.readings if r is not None)


def pair(article: Article, left: Sequence[Attribution], right: Sequence[Attribution]) -> list[tuple[int, int]]:
    """Index pairs of the lines of two layers that read the same thing, however differently."""
    extents = Extents(article.text)

    def allowed(a: Triple, b: Triple) -> bool:
        return jaccard(a.claim, b.claim) > 0 and similarity(a, b) >= LEAST_ALIKE

    return match(
        [extents.triple(a) for a in left],
        [extents.triple(a) for a in right],
        key=lambda t: t.key,
        allowed=allowed,
        weight=similarity,
    )


def units(article: Article, left: Sequence[Attribution], right: Sequence[Attribution]) -> list[Unit]:
    """Both layers' lines as units in text order; `via` and `refers` of the readings name units."""
    pairs = pair(article, left, right)
    met_left, met_right = {i for i, _ in pairs}, {j for _, j in pairs}
    rows: list[tuple[int | None, int | None]] = [*pairs]
    rows += [(i, None) for i in range(len(left)) if i not in met_left]
    rows += [(None, j) for j in range(len(right)) if j not in met_right]

    def place(row: tuple[int | None, int | None]) -> tuple[int, int]:
        spans = (left[row[0]] if row[0] is not None else right[row[1] or 0]).claim.spans
        return spans[0].start, -spans[-1].end

    rows.sort(key=place)
    names: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for number, (i, j) in enumerate(rows, 1):
        if i is not None:
            names[0][left[i].id] = f"u{number:02}"
        if j is not None:
            names[1][right[j].id] = f"u{number:02}"
    made = []
    for number, (i, j) in enumerate(rows, 1):
        readings = (
            None if i is None else _renamed(left[i], f"u{number:02}", names[0]),
            None if j is None else _renamed(right[j], f"u{number:02}", names[1]),
        )
        made.append(Unit(f"u{number:02}", readings, _differs(*readings)))
    return made


def _renamed(attribution: Attribution, name: str, names: Mapping[str, str]) -> Attribution:
    links = {link: names.get(getattr(attribution, link) or "") for link in ("via", "refers")}
    source = attribution.source.model_copy(update={"entities": ()})
    return attribution.model_copy(update={"id": name, "source": source, "positions": (), **links})


def _value(attribution: Attribution, field: str) -> Any:
    if field in ROLES:
        return attribution.roles[field]
    return getattr(attribution.source if field in ("kind", "named") else attribution, field)


def _differs(left: Attribution | None, right: Attribution | None) -> tuple[str, ...]:
    if left is None or right is None:
        return ("only one",)
    return tuple(f for f in FIELDS if _value(left, f) != _value(right, f))


def worksheet(article: Article, paired: Sequence[Unit], names: Sequence[str]) -> list[dict[str, Any]]:
    """The units as lines that a reader decides by: one where both agree, one for each reading where they do not."""
    lines: list[dict[str, Any]] = []
    for unit in paired:
        if unit.agreed:
            lines.append({"unit": unit.id, "agreed": True} | _shown(article, unit.first))
            continue
        for name, reading in zip(names, unit.readings, strict=True):
            if reading is not None:
                lines.append({"unit": unit.id, "by": name, "differs": list(unit.differs)} | _shown(article, reading))
    return lines


def _shown(article: Article, attribution: Attribution) -> dict[str, Any]:
    line = draft_line(article, attribution)
    del line["id"]
    return line


class Gold(NamedTuple):
    """The gold layer, and one log record for each unit that is not as both annotators had it."""

    attributions: tuple[Attribution, ...]
    log: tuple[dict[str, Any], ...]


def decide(
    article: Article, paired: Sequence[Unit], names: Sequence[str], decisions: Iterable[Mapping[str, Any]]
) -> Gold:
    """Gold from units and decisions. Every unit on which the layers differ needs a decision; agreed ones stand unless decided.

    A decision is `{"id": "u05", "take": NAME, "reason": …}` with any draft field changed beside it, or
    `{"id": "u05", "drop": true, "reason": …}`, or a whole draft line under a new id (`n01`, …) for what both missed.
    `via` and `refers` name units or new ids. DecisionError lists everything that is wrong at once.
    """
    given: dict[str, Mapping[str, Any]] = {}
    problems: list[str] = []
    for decision in decisions:
        name = str(decision.get("id", "?"))
        if name in given:
            problems.append(f"{name}: decided twice")
        given[name] = decision
    by_id = {u.id: u for u in paired}
    chosen: dict[str, Attribution | None] = {}
    for unit in paired:
        if unit.id not in given and not unit.agreed:
            problems.append(f"{unit.id}: not decided (differs: {', '.join(unit.differs)})")
    for name in [*by_id, *(n for n in given if n not in by_id)]:
        try:
            found = _apply(article, by_id.get(name), names, given.get(name))
            chosen[name] = found
        except AllegedlyError as error:
            problems.append(f"{name}: {error}")
    kept = {name: a for name, a in chosen.items() if a is not None}
    for name, attribution in kept.items():
        for link in ("via", "refers"):
            target = getattr(attribution, link)
            if target is not None and target not in kept and name not in _at_fault(problems):
                problems.append(f"{name}: {link} {target!r} is dropped or unknown")
    if problems:
        raise DecisionError("\n".join(problems))
    order = sorted(kept, key=lambda n: (kept[n].claim.spans[0].start, -kept[n].claim.spans[-1].end, n))
    final = {name: f"a{number:02}" for number, name in enumerate(order, 1)}
    gold = {name: _renamed(kept[name], final[name], final) for name in order}
    log = [
        _logged(article, by_id.get(name), names, gold.get(name), given[name])
        for name in sorted(given, key=lambda n: (n not in by_id, n))
    ]
    return Gold(tuple(gold.values()), tuple(log))


def from_gold(
    article: Article, paired: Sequence[Unit], names: Sequence[str], chosen: Sequence[Attribution], reason: str
) -> Gold:
    """Gold that a reader made elsewhere, such as on a screen with both layers: renumbered, with a log record for each unit
    that is not as both annotators had it, and for each line that neither had.
    """
    order = sorted(chosen, key=lambda a: (a.claim.spans[0].start, -a.claim.spans[-1].end, a.id))
    final = {a.id: f"a{number:02}" for number, a in enumerate(order, 1)}
    unit_of: dict[str, str] = {}
    for side in (0, 1):
        left = [(u.id, r) for u in paired if u.id not in unit_of.values() and (r := u.readings[side]) is not None]
        rest = [a for a in order if a.id not in unit_of]
        for i, j in pair(article, [r for _, r in left], rest):
            unit_of[rest[j].id] = left[i][0]
    as_unit = {unit_of[a.id]: a for a in order if a.id in unit_of}
    log = []
    for unit in paired:
        found = as_unit.get(unit.id)
        same = found and not _differs(_renamed(found, unit.id, {a.id: a.id for a in order} | unit_of), unit.first)
        if not (unit.agreed and same):
            gold = found and _renamed(found, final[found.id], final)
            log.append(_logged(article, unit, names, gold, {"reason": reason}))
    log += [
        _logged(article, None, names, _renamed(a, final[a.id], final), {"reason": reason})
        for a in order
        if a.id not in unit_of
    ]
    return Gold(tuple(_renamed(a, final[a.id], final) for a in order), tuple(log))


def _at_fault(problems: Sequence[str]) -> set[str]:
    return {p.split(":")[0] for p in problems}


def _apply(
    article: Article, unit: Unit | None, names: Sequence[str], decision: Mapping[str, Any] | None
) -> Attribution | None:
    if decision is None:
        return unit.first if unit else None
    if not str(decision.get("reason", "")).strip():
        raise DecisionError("a decision needs a reason")
    if decision.get("drop"):
        if unit is None:
            raise DecisionError("nothing to drop: no such unit")
        return None
    changes = {k: v for k, v in decision.items() if k not in ("take", "reason", "drop")}
    if unit is None:
        if "claim" not in changes:
            raise DecisionError("no such unit; a line that both missed needs all its fields")
        return anchor_line(article, changes)
    taken = unit.first if unit.agreed and "take" not in decision else None
    if taken is None:
        if decision.get("take") not in names:
            raise DecisionError(f"take: expected one of {', '.join(names)}, got {decision.get('take')!r}")
        taken = unit.readings[list(names).index(decision["take"])]
        if taken is None:
            raise DecisionError(f"{decision['take']} has no such line")
    line = draft_line(article, taken)
    at = {role: (line["at"].get(role) if isinstance(line["at"], dict) else line["at"]) for role in ROLES}
    if "at" in changes:
        fresh = changes.pop("at")
        at |= fresh if isinstance(fresh, dict) else dict.fromkeys((r for r in ROLES if r in changes), fresh)
    line |= changes
    return anchor_line(article, line | {"at": {role: place for role, place in at.items() if line[role]}})


def _logged(
    article: Article, unit: Unit | None, names: Sequence[str], gold: Attribution | None, decision: Mapping[str, Any]
) -> dict[str, Any]:
    readings = unit.readings if unit else (None, None)
    return {
        "article": article.id,
        "gold": gold and draft_line(article, gold),
        "reason": decision["reason"],
        **{name: reading and _shown(article, reading) for name, reading in zip(names, readings, strict=True)},
    }
