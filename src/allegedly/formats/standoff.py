"""Reading brat stand-off (`.ann`) line by line: text-bound annotations (T) and events (E). It interprets nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TEXT_BOUND = re.compile(r"^(T\d+)\t(\S+) (\d{1,12} \d{1,12}(?:;\d{1,12} \d{1,12})*)\t(.*)$")
EVENT = re.compile(r"^(E\d+)\t(\S+:\S+(?: \S+:\S+)*)\s*$")


@dataclass(frozen=True)
class TextBound:
    """A T line: a label over one or more stretches of the text, in code points, in the order in which they are written."""

    id: str
    label: str
    spans: tuple[tuple[int, int], ...]
    text: str
    line: int

    def stands_in(self, text: str) -> bool:
        """Whether its words are the text's, whatever the white space; a line break in them may have cut the line."""
        words = " ".join(text[start:end] for start, end in self.spans).strip()
        return _solid(self.text) in (_solid(words), _solid(words.partition("\n")[0]))


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
    """A parsed `.ann` file. `lines` are all lines by number; `rest` are neither T nor E, `repeated` have the id of an earlier one."""

    bounds: dict[str, TextBound] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    rest: list[tuple[int, str]] = field(default_factory=list)
    repeated: list[tuple[int, str]] = field(default_factory=list)
    lines: dict[int, str] = field(default_factory=dict)


def parse(content: str) -> Annotations:
    """Parse a `.ann` file's text. Lines may stand in any order; nothing is dropped."""
    found = Annotations()
    seen: set[str] = set()
    for number, line in enumerate(content.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), 1):
        if not line.strip():
            continue
        found.lines[number] = line
        match = TEXT_BOUND.match(line) or EVENT.match(line)
        if match is None or match[1] in seen:
            (found.repeated if match else found.rest).append((number, line))
            continue
        seen.add(match[1])
        if match[1].startswith("T"):
            pairs = (tuple(map(int, pair.split())) for pair in match[3].split(";"))
            spans = tuple((a, b) for a, b in pairs)
            found.bounds[match[1]] = TextBound(match[1], match[2], spans, match[4], number)
        else:
            (label, trigger), *arguments = (tuple(part.split(":", 1)) for part in match[2].split(" "))
            found.events.append(Event(match[1], label, trigger, tuple((a, b) for a, b in arguments), number))
    return found


def _solid(words: str) -> str:
    return "".join(words.split())
