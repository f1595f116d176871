"""Two readers of a story's positions: where they differ, how far they agree, and the draft that a third reader makes of both.

A reading is a position draft (`positions.py`). The second reader is given the first one's inventory and nothing else of it.
It reads and writes no files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from allegedly.positions import NARRATOR, PositionError, apply
from allegedly.schema import Article, Attribution, Story
from allegedly.text.quote import draft_line

READERS = ("reader-1", "reader-2")
Line = Mapping[str, Any]


class Unit(NamedTuple):
    """An attribution, or a record of the narrator, with the positions that each reader gave it, such as `p1+`.

    Records of the narrator are one unit where their claims overlap and share a proposition; one that only the second
    reader has is named `m01`, `m02`, …
    """

    article: str
    id: str
    record: Attribution
    left: tuple[str, ...]
    right: tuple[str, ...]

    @property
    def agreed(self) -> bool:
        """Whether both gave the same positions."""
        return self.left == self.right


class Counts(NamedTuple):
    """What agreement on positions is computed from; cells are attributions × propositions of their story."""

    cells: tuple[tuple[str, str], ...]
    narrator: tuple[int, int, int]  # matched, of the first, of the second


def sides(
    story: Story, articles: Sequence[Article], *drafts: Sequence[Line]
) -> list[dict[str, tuple[Attribution, ...]]]:
    """Each reader's attributions by article: the gold ones with that reader's positions, and that reader's narrator."""
    return [apply(story, articles, list(enumerate(draft, 1)))[1] for draft in drafts]


def units(story: Story, articles: Sequence[Article], first: Sequence[Line], second: Sequence[Line]) -> list[Unit]:
    """Every attribution of a story's articles, then the narrator's records, as both readers have them."""
    left, right = sides(story, articles, first, second)
    found: list[Unit] = []
    for article in articles:
        one, other = ({a.id: a for a in side[article.id]} for side in (left, right))
        for record in article.attributed:
            found.append(Unit(article.id, record.id, record, _given(one[record.id]), _given(other[record.id])))
        rest = [a for a in other.values() if a.is_narrator]
        for record in (a for a in one.values() if a.is_narrator):
            match = next((a for a in rest if _same(record, a)), None)
            if match:
                rest.remove(match)
            found.append(Unit(article.id, record.id, record, _given(record), _given(match) if match else ()))
        found += [Unit(article.id, f"m{n:02}", a, (), _given(a)) for n, a in enumerate(rest, 1)]
    return found


def worksheet(articles: Sequence[Article], found: Sequence[Unit]) -> Iterator[dict[str, Any]]:
    """The units that a third reader has to decide, with the words that they are about."""
    texts = {a.id: a for a in articles}
    for unit in found:
        if not unit.agreed:
            line = draft_line(texts[unit.article], unit.record)
            shown = (
                ("at", "claim")
                if unit.record.is_narrator
                else ("at", "source", "cue", "claim", "stance", "via", "refers")
            )
            yield {
                "article": unit.article,
                "id": unit.id,
                **{k: line[k] for k in shown if k in line},
                READERS[0]: list(unit.left),
                READERS[1]: list(unit.right),
            }


def decide(
    articles: Sequence[Article], found: Sequence[Unit], first: Sequence[Line], decisions: Iterable[Line]
) -> list[dict[str, Any]]:
    """The first draft with a third reader's decisions in it: `{"article", "id", "positions", "reason"}`.

    A record of the narrator without positions is dropped; one of the second reader's is added. PositionError names what
    is undecided or unknown. An agreed unit may be decided too.
    """
    texts = {a.id: a for a in articles}
    known = {(u.article, u.id): u for u in found}
    chosen = {(str(d.get("article")), str(d.get("id"))): d for d in decisions}
    problems = [f"no unit {a}/{i} to decide" for a, i in chosen.keys() - known.keys()]
    problems += [f"{u.article}/{u.id} is undecided" for u in found if not u.agreed and (u.article, u.id) not in chosen]
    if problems:
        raise PositionError("\n".join(sorted(problems)))
    lines = [dict(line) for line in first]
    made = lines[:1]
    for line in lines[1:]:
        decision = chosen.pop((str(line.get("article")), str(line.get("id"))), None)
        if decision:
            line["positions"] = list(decision.get("positions", ()))
        if line.get("positions") or not NARRATOR.match(str(line.get("id"))):
            made.append(line)
    for (article, name), decision in chosen.items():
        if not decision.get("positions"):
            continue
        line = {"article": article, "id": name, "positions": list(decision["positions"])}
        if known[article, name].record.is_narrator:
            taken = {m["id"] for m in made[1:] if m.get("article") == article}
            quoted = draft_line(texts[article], known[article, name].record)
            line |= {"id": next(n for n in map("n{:02}".format, range(1, 100)) if n not in taken)}
            at = quoted["at"]
            line |= {"at": at["claim"] if isinstance(at, dict) else at, "claim": quoted["claim"]}
        made.append(line)
    return made


def counts(story: Story, found: Sequence[Unit]) -> Counts:
    """The cells of some units, each `+`, `-` or nothing to either reader, and how many records of the narrator each has."""
    cells: list[tuple[str, str]] = []
    narrated = [u for u in found if u.record.is_narrator]
    for unit in found:
        if not unit.record.is_narrator:
            left, right = ({p[:-1]: p[-1] for p in side} for side in (unit.left, unit.right))
            cells += [(left.get(p.id, ""), right.get(p.id, "")) for p in story.propositions]
    both = sum(bool(u.left) and bool(u.right) for u in narrated)
    return Counts(tuple(cells), (both, sum(bool(u.left) for u in narrated), sum(bool(u.right) for u in narrated)))


def figures(some: Iterable[Counts]) -> dict[str, float | None]:
    """Agreement on positions: Cohen's kappa over the cells, F1 of the filled ones, F1 of the narrator's records."""
    from sklearn.metrics import cohen_kappa_score

    every = list(some)
    cells = [c for counted in every for c in counted.cells]
    left, right = [c[0] for c in cells], [c[1] for c in cells]
    same = sum(bool(a) and a == b for a, b in cells)
    narrator = np.sum([c.narrator for c in every], axis=0) if every else (0, 0, 0)
    return {
        "kappa(position)": float(cohen_kappa_score(left, right)) if len({*left, *right}) > 1 else None,
        "F1(position)": _f1(same, sum(map(bool, left)), sum(map(bool, right))),
        "F1(narrator)": _f1(*(int(n) for n in narrator)),
    }


def _f1(same: int, left: int, right: int) -> float | None:
    return 2 * same / (left + right) if left + right else None


def _given(attribution: Attribution) -> tuple[str, ...]:
    return tuple(sorted(f"{p.proposition}{p.polarity}" for p in attribution.positions))


def _same(one: Attribution, other: Attribution) -> bool:
    overlap = any(a.start < b.end and b.start < a.end for a in one.claim.spans for b in other.claim.spans)
    return overlap and bool({p.proposition for p in one.positions} & {p.proposition for p in other.positions})
