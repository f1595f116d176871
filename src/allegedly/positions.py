"""The second step of annotation, by story: entities, propositions and positions put beside the gold attributions.

A position draft is JSON Lines. Its first line is the inventory, `{"entities": […], "propositions": […]}`; then one line an
attribution, `{"article": "a0001", "id": "a07", "entities": ["mdf"], "positions": ["p1+", "p3-"]}`; a narrator's record quotes its claim
instead, `{"article": "a0001", "id": "n01", "at": 4, "claim": "…", "positions": ["p1+"]}`. It reads and writes no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from allegedly.schema import AllegedlyError, Article, Attribution, Claim, Cue, Position, Source, Story
from allegedly.store import RecordError, parse
from allegedly.text.anchor import find_spans

POSITION = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)([+-])$")
NARRATOR = re.compile(r"^n\d+$")


class PositionError(AllegedlyError, ValueError):
    """A position draft that cannot be applied. The message lists every line at fault."""


def inventory(story: Story, line: Mapping[str, Any], name: str) -> Story:
    """The story with the inventory of a draft's first line; `excludes` is made to hold both ways."""
    data = story.model_dump(mode="json") | {k: line[k] for k in ("entities", "propositions") if k in line}
    excludes: dict[str, set[str]] = {p["id"]: set(p.get("excludes", ())) for p in data["propositions"]}
    for one, others in list(excludes.items()):
        for other in others & excludes.keys():
            excludes[other].add(one)
    data["propositions"] = [p | {"excludes": sorted(excludes[p["id"]])} for p in data["propositions"]]
    return parse(Story, data, name, 1)


def apply(
    story: Story, articles: Sequence[Article], draft: Iterable[tuple[int, Mapping[str, Any]]], name: str = "draft"
) -> tuple[Story, dict[str, tuple[Attribution, ...]]]:
    """The story with its inventory, and each article's attributions with entities and positions, the narrator's last.

    An attribution without a line has none. PositionError lists the lines at fault: unknown article, attribution, entity or
    proposition, a quote that cannot be found.
    """
    lines = list(draft)
    if not lines:
        raise PositionError(f"{name}: expected the inventory on the first line")
    story = inventory(story, lines[0][1], name)
    texts = {a.id: a for a in articles}
    known = {a.id: {x.id: x for x in a.attributed} for a in articles}
    made: dict[str, dict[str, Attribution]] = {a.id: {} for a in articles}
    problems: list[str] = []
    for number, line in lines[1:]:
        try:
            article, identifier = str(line.get("article")), str(line.get("id"))
            if article not in texts:
                raise PositionError(f"no article {article!r} with gold in story {story.id}")
            if identifier in made[article]:
                raise PositionError(f"{article}/{identifier} stands twice")
            positions = _positions(line.get("positions", ()), story)
            if NARRATOR.match(identifier):
                record = _narrator(texts[article], identifier, line, positions)
            elif identifier in known[article]:
                record = _placed(known[article][identifier], line, positions, story)
            else:
                raise PositionError(f"no attribution {article}/{identifier}")
            made[article][identifier] = record
        except AllegedlyError as error:
            problems.append(f"{name}:{number}: {error}")
    if problems:
        raise PositionError("\n".join(problems))
    done = {}
    for article, records in known.items():
        plain = (_without(x) for x in records.values())
        narrated = [x for i, x in made[article].items() if i not in records]
        done[article] = (*(made[article].get(x.id, x) for x in plain), *sorted(narrated, key=lambda x: x.id))
    return story, done


def _without(attribution: Attribution) -> Attribution:
    source = attribution.source.model_copy(update={"entities": ()})
    return attribution.model_copy(update={"source": source, "positions": ()})


def _positions(given: Sequence[str], story: Story) -> tuple[Position, ...]:
    found = []
    propositions = {p.id for p in story.propositions}
    for text in given:
        match = POSITION.match(str(text))
        if not match or match[1] not in propositions:
            raise PositionError(f"position {text!r}: expected a proposition of {story.id} and + or -, such as p1+")
        found.append(Position.model_validate({"proposition": match[1], "polarity": match[2]}))
    if len({p.proposition for p in found}) < len(found):
        raise PositionError("two positions on one proposition")
    return tuple(found)


def _placed(
    attribution: Attribution, line: Mapping[str, Any], positions: tuple[Position, ...], story: Story
) -> Attribution:
    entities = tuple(line.get("entities", ()))
    known = {e.id for e in story.entities}
    if unknown := [e for e in entities if e not in known]:
        raise PositionError(f"no entity {unknown[0]!r} in {story.id}")
    if entities and not attribution.source.spans:
        raise PositionError("a source without words has no entities")
    source = attribution.source.model_copy(update={"entities": entities})
    return attribution.model_copy(update={"source": source, "positions": positions})


def _narrator(article: Article, name: str, line: Mapping[str, Any], positions: tuple[Position, ...]) -> Attribution:
    if not positions:
        raise PositionError("a narrator's record takes a position")
    if "claim" not in line:
        raise RecordError("a narrator's record quotes its claim", name)
    return Attribution(
        id=name,
        source=Source(spans=(), kind="narrator", named=False),
        cue=Cue(spans=()),
        claim=Claim(spans=find_spans(article, str(line["claim"]), line.get("at"))),
        stance="assert",
        positions=positions,
    )
