"""Sentences with offsets, by sentencex; what it gets wrong in news is mended here, and nothing else.

sentencex (Wikimedia; MIT) is deterministic, offline and dependency-free. docs/text.md has the comparison.
"""

from __future__ import annotations

import re

from allegedly.schema import Sentence

LINE = re.compile(r"[^\n]+")
# sentencex splits after these although a name or number follows.
_OPEN_ABBREVIATION = re.compile(r"(?:^|[\s(“\"‘'])(?:M[sx]|Amb|Atty|approx|paras?|Ft|Lt\.-(?:Col|Gen|Cmdr))\.\s*$")
# "At 5 p.m. Tuesday": the day belongs to the hour.
_HOUR = re.compile(r"\b[ap]\.m\.\s*$")
_AFTER_HOUR = re.compile(
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Jan|Feb|March|April|May|June|July|Aug|Sept|Oct|Nov|Dec|local|[a-z(])"
)
# A list number is not a sentence.
_NUMBER = re.compile(r"\s*\(?\d{1,3}[.)]\s*$")
# A straight quotation mark after a space opens the next sentence.
_OPENING = re.compile(r"(?<=\s)[\"'](?=$)")


def sentences(text: str) -> tuple[Sentence, ...]:
    """Split a text into sentences. A line end always ends one, so headings need no full stop.

    Returns (start, end) code point offsets without surrounding white space; empty for a text without words.
    """
    found: list[Sentence] = []
    for line in LINE.finditer(text):
        for start, end in _pieces(line.group()):
            piece = text[line.start() + start : line.start() + end]
            if stripped := piece.strip():
                first = line.start() + start + len(piece) - len(piece.lstrip())
                found.append(Sentence(first, first + len(stripped)))
    return tuple(found)


def _pieces(line: str) -> list[tuple[int, int]]:
    from sentencex import get_sentence_boundaries

    if len(line) > 200_000:  # no newsroom's sentence: keep it whole rather than spend minutes on it
        return [(0, len(line))]
    pieces: list[tuple[int, int]] = []
    start = 0
    for boundary in get_sentence_boundaries("en", line):
        end = boundary["end_index"]
        piece, rest = line[start:end], line[end:].lstrip()
        if rest and (
            _OPEN_ABBREVIATION.search(piece)
            or _NUMBER.fullmatch(piece)
            or (_HOUR.search(piece) and _AFTER_HOUR.match(rest))
        ):
            continue
        if rest and (mark := _OPENING.search(piece)):
            end = start + mark.start()
        if end > start:
            pieces.append((start, end))
            start = end
    if start < len(line):
        pieces.append((start, len(line)))
    return pieces
