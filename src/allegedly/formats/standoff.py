"""Reading brat stand-off (`.ann`) line by line: text-bound annotations (T) and events (E). It interprets nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TEXT_BOUND = re.compile(r"^(T\d+)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)\t(.*)$")
EVENT = re.compile(r"^(E\d+)\t(\S+:\S+(?: \S+:\S+)*)\s*$")


@dataclass(frozen=True)
class TextBound:
    """A T line: a label over one or more stretches of the text, in code points."""

    id: str
    label: str
    spans: tuple[tuple[int, int], ...]
    text: str
    line: int


@dataclass(frozen=True)
class Event:
    """An E line: a trigger and its arguments, as (name, id) pairs in order."""

    id: str
    label: str
    trigger: str
    arguments: tuple[tuple[str, str], ...]
    line: int


@dataclass
class Annotations:
    """A parsed `.ann` file. `rest` holds the numbers and texts of lines that are neither T nor E."""

    bounds: dict[str, TextBound] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    rest: list[tuple[int, str]] = field(default_factory=list)
    repeated: list[tuple[int, str]] = field(default_factory=list)
    lines: int = 0


def parse(content: str) -> Annotations:
    """Parse a `.ann` file's text. Lines may stand in any order; nothing is dropped."""
    found = Annotations()
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        found.lines += 1
        if match := TEXT_BOUND.match(line):
            pairs = (tuple(map(int, pair.split())) for pair in match[3].split(";"))
            spans = tuple(sorted((a, b) for a, b in pairs))
            if match[1] in found.bounds:
                found.repeated.append((number, line))
                continue
            found.bounds[match[1]] = TextBound(match[1], match[2], spans, match[4], number)
        elif match := EVENT.match(line):
            (label, trigger), *arguments = (tuple(part.split(":", 1)) for part in match[2].split(" "))
            found.events.append(Event(match[1], label, trigger, tuple((a, b) for a, b in arguments), number))
        else:
            found.rest.append((number, line))
    return found
