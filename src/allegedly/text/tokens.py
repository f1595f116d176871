"""Tokens with offsets: words, numbers, clitics (’s, ’re), single marks. Deterministic, one regular expression."""

from __future__ import annotations

import re

from allegedly.schema import Token

TOKEN = re.compile(r"\d+(?:[.,]\d+)*|(?<=\w)[’'](?:s|re|ve|ll|d|m|t)\b|[^\W\d_]+|\w|[^\w\s]", re.IGNORECASE)


def tokens(text: str) -> tuple[Token, ...]:
    """Split a text into tokens.

    >>> [text[t.start:t.end] for text in ["Orla’s 1,500 men"] for t in tokens(text)]
    ['Orla', '’s', '1,500', 'men']
    """
    return tuple([Token._make(match.span()) for match in TOKEN.finditer(text)])


def words(text: str) -> list[str]:
    """The tokens of a text as strings, where nobody asks for offsets."""
    return TOKEN.findall(text)
