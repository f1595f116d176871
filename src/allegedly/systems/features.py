"""Token features for the linear tagger: articles as integer arrays, and window features as integer hashes.

Every word's properties are looked up once; after that all is numpy over whole batches, no strings.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allegedly.schema import Article
from allegedly.systems import lexicon, rules

Ints = NDArray[np.int32]

BITS = 18
TEMPLATES = 98
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
    surfaces: list[str] = []
    firsts = [0]
    starts: list[Any] = []
    ends: list[Any] = []
    sentence: list[Any] = []
    paragraph: list[Any] = []
    title: list[Any] = []
    sentences = paragraphs = 0
    for article in articles:
        text = article.text
        tokens = article.tokens
        surfaces += [text[s:e] for s, e in tokens]
        pairs = np.array(tokens, np.int32).reshape(-1, 2)
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
        words.ids(surfaces),
        np.concatenate([_hints(a) for a in articles]) if articles else np.zeros(0, np.uint32),
    )


def _hints(article: Article) -> Any:
    """The rules' own tags: what they find is a strong hint where training articles are few."""
    hints = np.zeros(len(article.tokens), np.uint32)
    for found in rules.find(article):
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


def _previous(flag: Any, low: Any) -> Any:
    """For each position the last flagged one at or before it, at least `low`, else -1."""
    n = np.arange(len(flag))
    last = np.maximum.accumulate(np.where(flag, n, -1)) if len(flag) else n
    return np.where(last >= low, last, -1)


def _next(flag: Any, high: Any) -> Any:
    """For each position the first flagged one at or after it, below `high`, else -1."""
    n = np.arange(len(flag))
    first = np.minimum.accumulate(np.where(flag, n, len(flag))[::-1])[::-1] if len(flag) else n
    return np.where(first < high, first, -1)


def _bucket(distance: Any) -> Any:
    """0 1 2 3 4, then by powers of two."""
    d = np.maximum(distance, 0)
    return np.where(d < 5, d, 3 + np.floor(np.log2(np.maximum(d, 1)))).astype(np.uint32)


def quoted(mark: Any, low: Any) -> Any:
    """Per token: 0 outside quotation marks, 1 inside; the marks themselves count as outside. `low`: start of the unit."""
    n = len(mark)
    if not n:
        return np.zeros(0, np.uint32)
    at = np.arange(n)
    curly = (mark == 1) | (mark == 2)
    last = _previous(curly, low)
    inside = (last >= 0) & (mark[np.maximum(last, 0)] == 1)
    straight = np.cumsum(mark == 3)
    before = straight[np.maximum(low, 0)] - (mark[low] == 3)
    inside |= (straight - before) % 2 == 1
    single = (mark == 4) | (mark == 5)
    last = _previous(single, low)
    inner = (last >= 0) & (mark[np.maximum(last, 0)] == 4) & (at - last < 60)
    is_mark = (mark > 0) & (mark < 4)
    return np.where(is_mark, 0, inside + 2 * (inner & (mark != 4) & (mark != 5))).astype(np.uint32)


_K = np.array([0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F, 0x165667B1], np.uint32)


def _mix(number: int, *columns: Any) -> Any:
    """Hash the columns of one template into the table."""
    with np.errstate(over="ignore"):
        value = np.uint32((number * 0x9E3779B1 + 0x7F4A7C15) & 0xFFFFFFFF) ^ (columns[0].astype(np.uint32) * _K[1])
        for k, column in enumerate(columns[1:], 2):
            value = ((value << np.uint32(7)) | (value >> np.uint32(25))) ^ (column.astype(np.uint32) * _K[k % len(_K)])
            value = value * _K[0]
        value = (value ^ (value >> np.uint32(15))) * _K[2]
        return ((value ^ (value >> np.uint32(13))) & np.uint32((1 << BITS) - 1)).astype(np.int32)


def features(batch: Batch, units: Units) -> Ints:
    """The hashed features of the units' tokens, (tokens, templates)."""
    at = units.positions()
    n = len(at)
    lengths = units.lengths
    low = np.repeat(np.cumsum(lengths) - lengths, lengths)
    high = low + np.repeat(lengths, lengths)
    here = np.arange(n)
    table = {name: batch.column(name)[at] for name in Words.names}

    def shift(column: Any, offset: int) -> Any:
        index = here + offset
        inside = (index >= low) & (index < high)
        return np.where(inside, column[np.clip(index, 0, max(n - 1, 0))], np.uint32(1 if offset < 0 else 2))

    w = {o: shift(table["lower"], o) for o in range(-4, 5)}
    c = {o: shift(table["class"], o) for o in range(-3, 4)}
    s = {o: shift(table["shape"], o) for o in range(-2, 3)}
    h = {o: shift(batch.hints[at], o) for o in (-1, 0, 1)}
    mark, stop = table["mark"], table["stop"]
    q = quoted(mark, low)
    qm, qp = shift(q, -1), shift(q, 1)
    m = {o: shift(mark, o) for o in (-2, -1, 1, 2)}

    sent = batch.sentence[at]
    first = np.r_[True, sent[1:] != sent[:-1]] if n else np.zeros(0, bool)
    first |= here == low
    last = np.r_[first[1:], True] if n else first
    begin = _previous(first, low)
    end = _next(last, high)
    from_begin, to_end = _bucket(here - begin), _bucket(end - here)
    opening = table["lower"][begin] if n else q

    cue = (table["cue"] == 1) & (q == 0)
    left, right = _previous(cue, begin), _next(cue, end + 1)
    left = np.where(left == here, -1, left)
    has_left, has_right = left >= 0, right >= 0
    l0, r0 = np.maximum(left, 0), np.maximum(right, 0)
    none = np.uint32(7)
    left_word = np.where(has_left, table["lemma"][l0], none) if n else q
    right_word = np.where(has_right, table["lemma"][r0], none) if n else q
    left_class = np.where(has_left, table["class"][l0], none) if n else q
    right_class = np.where(has_right, table["class"][r0], none) if n else q
    left_far = np.where(has_left, _bucket(here - left), 30).astype(np.uint32)
    right_far = np.where(has_right, _bucket(right - here), 30).astype(np.uint32)
    commas, thats = np.cumsum((stop == 1) & (q == 0)), np.cumsum(table["that"])
    quotes = np.cumsum((mark > 0) & (mark < 4))

    def between(total: Any, other: Any, has: Any) -> Any:
        return np.where(has, np.minimum(np.abs(total - total[other]), 3), 4).astype(np.uint32) if n else q

    comma_left, comma_right = between(commas, l0, has_left), between(commas, r0, has_right)
    that_left, quote_left, quote_right = (
        between(thats, l0, has_left), between(quotes, l0, has_left), between(quotes, r0, has_right)
    )  # fmt: skip
    marked = (mark > 0) & (mark < 4)
    open_far = _bucket(here - _previous(marked, begin))
    close_far = _bucket(_next(marked, end + 1) - here)
    sentence_quotes = np.minimum(quotes[end] - quotes[begin] + marked[begin], 3).astype(np.uint32) if n else q
    has_any = (has_left * 2 + has_right).astype(np.uint32)
    title = batch.title[at].astype(np.uint32)
    depth = np.full(n, units.depth, np.uint32)
    stop_left = shift(stop, -1)

    templates: list[tuple[Any, ...]] = [
        *((w[o],) for o in range(-4, 5)),
        (w[-2], w[-1]), (w[-1], w[0]), (w[0], w[1]), (w[1], w[2]), (w[-1], w[1]),
        (w[-2], w[-1], w[0]), (w[-1], w[0], w[1]), (w[0], w[1], w[2]),
        (table["prefix"],), (table["suffix"],), (shift(table["suffix"], -1),), (shift(table["suffix"], 1),),
        *((s[o],) for o in range(-2, 3)),
        (s[-1], s[0]), (s[0], s[1]), (s[-1], s[0], s[1]), (s[0], w[-1]), (s[0], w[1]), (s[0], c[1]), (s[0], c[-1]),
        *((c[o],) for o in range(-3, 4)),
        (c[-1], c[0]), (c[0], c[1]), (c[-1], c[0], c[1]), (c[-2], c[-1], c[0]), (c[0], c[1], c[2]),
        (c[0], q, w[-1]), (c[0], q, w[1]), (c[0], m[-1], m[1], from_begin),
        (q, qm, qp), (q, w[0]), (q, c[0], s[0]), (q, sentence_quotes, has_any), (q, m[-1], m[1]), (m[-2], m[-1], stop_left),
        (q, open_far), (q, close_far), (q, open_far, stop_left), (m[1], m[2], w[0]),
        (left_word, left_far), (right_word, right_far), (left_class, left_far, q), (right_class, right_far, q),
        (left_class, right_class, q), (left_class, comma_left, that_left, q), (right_class, comma_right, q),
        (left_word, comma_left, that_left), (right_word, comma_right, s[0]), (left_class, w[0], that_left),
        (right_class, right_far, s[0]), (right_class, right_far, w[0]), (left_class, left_far, w[-1]), (right_class, w[-1], s[0]),
        (left_class, left_far, s[0], stop_left), (quote_left, left_far, q), (quote_right, right_far, q),
        (comma_left, comma_right, quote_left, quote_right, q),
        (from_begin, has_any, q), (to_end, has_any, q), (from_begin, s[0]), (to_end, w[0]), (opening, from_begin),
        (from_begin, c[0]), (comma_left, c[0], w[-1]),
        (title, s[0]), (title, c[0]), (title, q),
        (h[0],), (h[-1], h[0]), (h[0], h[1]), (h[0], w[0]), (h[0], c[0]), (h[0], q, depth), (h[-1], h[0], h[1], s[0]),
        (depth, w[0]), (depth, q, has_any), (depth, c[0]), (depth, left_class, that_left), (depth, right_class),
    ]  # fmt: skip
    found = np.empty((n, len(templates)), np.int32)
    for number, columns in enumerate(templates):
        found[:, number] = _mix(number, *columns)
    return found
