"""Articles as integer arrays over their tokens: what the tagger and the linker read. Every word is looked up once."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allegedly.schema import Article
from allegedly.systems import lexicon, rules
from allegedly.text.tokens import surfaces

Ints = NDArray[np.int32]

LONGEST = 400  # tokens of a unit; longer paragraphs are cut
_LINE_END = re.compile("\n")
_CACHE = 300_000  # words remembered between batches
_CUE = tuple(f"{name}{slot}" for name in lexicon.VERBS for slot in (*range(5), "/noun"))
_CUE += ("according", "claim_noun", "deny_noun")
_MARKS = {"“": 1, "”": 2, '"': 3, "„": 1, "«": 1, "»": 2, "‘": 4, "’": 5}
_STOPS = {",": 1, ".": 2, ";": 3, ":": 4, "?": 5, "!": 6, "—": 7, "–": 7, "-": 8, "(": 9, ")": 9}


def _code(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _shape(word: str) -> str:
    """Upper, lower, digit and other, runs cut at two."""
    shape = ""
    for c in word[:20]:
        kind = "X" if c.isupper() else "x" if c.isalpha() else "9" if c.isdigit() else c
        if shape[-2:] != kind * 2:
            shape += kind
    return shape


class Words:
    """The properties of each word that was seen, as columns; grows as words come, and starts anew when it is large."""

    names = ("lower", "shape", "prefix", "suffix", "class", "lemma", "cue", "mark", "stop", "that")

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._rows: list[tuple[int, ...]] = []

    def ids(self, words: list[str]) -> Any:
        """A matrix of properties, one row a word, uint32."""
        if len(self._known) > _CACHE:
            self._known, self._rows = {}, []
        known, first = self._known, len(self._rows)
        numbers = np.fromiter((known.setdefault(w, len(known)) for w in words), np.int64, len(words))
        for word in list(known)[first:] if len(known) > first else ():
            self._rows.append(self._properties(word))
        if len(self._rows) != first or not hasattr(self, "_table"):
            self._table = np.array(self._rows, np.uint32).reshape(-1, len(self.names))
        found: Any = self._table[numbers]
        return found

    @staticmethod
    def _properties(word: str) -> tuple[int, ...]:
        low = word[:60].lower()
        name = lexicon.word_class(low)
        return (
            _code("0" if low.isdigit() else low),
            _code(_shape(word)),
            _code(low[:3]),
            _code(low[-3:]),
            _code(name),
            _code(lexicon.LEMMA.get(low, low)),
            int(name in _CUE),
            _MARKS.get(word, 0),
            _STOPS.get(word, 0),
            int(low in ("that", "whether", "if")),
        )


@dataclass(frozen=True)
class Batch:
    """Some articles as arrays over their tokens, one after the other."""

    articles: tuple[Article, ...]
    firsts: Ints  # number of each article's first token, and the number of all tokens
    starts: Ints  # code point offsets in the token's own article
    ends: Ints
    sentence: Ints  # number of the token's sentence, counted over the batch
    paragraph: Ints  # likewise
    title: Any  # whether the token stands in its article's first line
    words: Any  # uint32 matrix, columns as in `Words.names`
    hints: Any  # what the rules say of the token, uint32: 0 nothing, else role and whether the stretch begins here

    def column(self, name: str) -> Any:
        """One property of all tokens."""
        return self.words[:, Words.names.index(name)]


def read(articles: Sequence[Article], words: Words) -> Batch:
    """Put articles into arrays."""
    words_of: list[str] = []
    firsts = [0]
    starts: list[Any] = []
    ends: list[Any] = []
    sentence: list[Any] = []
    paragraph: list[Any] = []
    title: list[Any] = []
    hints: list[Any] = []
    sentences = paragraphs = 0
    for article in articles:
        text = article.text
        tokens = article.tokens
        own = surfaces(text, tokens)
        words_of += own
        hints.append(_hints(article, own))
        pairs = np.fromiter(chain.from_iterable(tokens), np.int32, 2 * len(tokens)).reshape(-1, 2)
        starts.append(pairs[:, 0])
        ends.append(pairs[:, 1])
        bounds = np.array([s.start for s in article.sentences], np.int32)
        lines = np.array([m.start() for m in _LINE_END.finditer(text)], np.int32)
        sentence.append(sentences + np.searchsorted(bounds, pairs[:, 0], "right"))
        paragraph.append(paragraphs + np.searchsorted(lines, pairs[:, 0], "right"))
        title.append(pairs[:, 0] < (lines[0] if len(lines) else 0))
        sentences += len(bounds) + 1
        paragraphs += len(lines) + 1
        firsts.append(firsts[-1] + len(tokens))
    return Batch(
        tuple(articles),
        np.array(firsts, np.int32),
        _join(starts),
        _join(ends),
        _join(sentence),
        _join(paragraph),
        _join(title),
        words.ids(words_of),
        np.concatenate(hints) if hints else np.zeros(0, np.uint32),
    )


def _hints(article: Article, words: list[str]) -> Any:
    """The rules' own tags: what they find is a strong hint where training articles are few."""
    hints = np.zeros(len(article.tokens), np.uint32)
    for found in rules.find(article, words):
        for number, ranges in ((3, found.claim), (1, found.source), (2, found.cue)):
            for a, b in ranges:
                hints[a:b] = 2 * number
                hints[a] = 2 * number - 1
    return hints


def _join(parts: list[Any]) -> Ints:
    return np.concatenate(parts).astype(np.int32) if parts else np.zeros(0, np.int32)


@dataclass(frozen=True)
class Units:
    """Stretches of tokens to be tagged: paragraphs at depth 0, the inside of claims at depth 1 and more."""

    starts: Ints
    ends: Ints
    depth: int

    @property
    def lengths(self) -> Ints:
        """Tokens in each unit."""
        return self.ends - self.starts

    def positions(self) -> Ints:
        """The token numbers of all units, one after the other."""
        lengths = self.lengths
        total = int(lengths.sum())
        shift = np.repeat(self.starts - (np.cumsum(lengths) - lengths), lengths)
        found: Ints = (np.arange(total) + shift).astype(np.int32)
        return found


def paragraphs(batch: Batch) -> Units:
    """The paragraphs of a batch, cut where they are absurdly long."""
    n = len(batch.starts)
    if not n:
        return Units(np.zeros(0, np.int32), np.zeros(0, np.int32), 0)
    new = np.flatnonzero(np.r_[True, batch.paragraph[1:] != batch.paragraph[:-1]])
    bounds = [new]
    lengths = np.diff(np.r_[new, n])
    for start, length in zip(new[lengths > LONGEST], lengths[lengths > LONGEST], strict=True):
        bounds.append(np.arange(start + LONGEST, start + length, LONGEST))
    edges = np.unique(np.concatenate(bounds)).astype(np.int32)
    return Units(edges, np.r_[edges[1:], n].astype(np.int32), 0)
