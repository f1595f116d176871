"""Tokens with offsets: words, numbers, clitics (’s, ’re), single marks. Deterministic, one regular expression."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from allegedly.schema import Token

TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|(?<=\w)[’'](?:[sdmtSDMT]|[rR][eE]|[vV][eE]|[lL][lL])\b|[^\s\w]|\w")


#: A token of a pair, without the checks of `Token._make`: texts have many.
_token = partial(tuple.__new__, Token)


def tokens(text: str) -> tuple[Token, ...]:
    """Split a text into tokens.

    >>> [text[t.start:t.end] for text in ["Orla’s 1,500 men"] for t in tokens(text)]
    ['Orla', '’s', '1,500', 'men']
    """
    return tuple(map(_token, spans(text)))


def spans(text: str) -> list[tuple[int, int]]:
    """The tokens as bare (start, end), for who needs many and no names."""
    return list(map(re.Match.span, TOKEN.finditer(text)))


def words(text: str) -> list[str]:
    """The tokens of a text as strings, where nobody asks for offsets."""
    return TOKEN.findall(text)


def surfaces(text: str, found: Sequence[Token]) -> list[str]:
    """The tokens as strings; single quotation marks that do the work of double ones are given as “ and ”.

    They do so in a text without double ones. An apostrophe inside a word is never a token of its own.

    >>> text = "'The crew's tired', Orl said."
    >>> surfaces(text, tokens(text))
    ['“', 'The', 'crew', "'s", 'tired', '”', ',', 'Orl', 'said', '.']
    """
    made = [text[s:e] for s, e in found]
    if '"' in text or "“" in text or not ("'" in text or "‘" in text):
        return made
    inside = False
    for number, surface in enumerate(made):
        if surface in "'‘’":
            start = found[number].start
            opens = not text[max(0, start - 1) : start].isalnum() and text[start + 1 : start + 2].isalnum()
            if opens and not inside:
                made[number], inside = "“", True
            elif inside and not text[start + 1 : start + 2].isalnum():
                made[number], inside = "”", False
        elif "\n" in text[found[number - 1].end : found[number].start] if number else False:
            inside = False
    return made
