"""Window features for the linear tagger, as integer hashes: numpy over whole batches, no strings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from allegedly.systems.reading import Batch, Ints, Units, Words

BITS = 18
TEMPLATES = 98


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


def _mix(number: int, bits: int, *columns: Any) -> Any:
    """Hash the columns of one template into a table of 2^bits rows."""
    with np.errstate(over="ignore"):
        value = np.uint32((number * 0x9E3779B1 + 0x7F4A7C15) & 0xFFFFFFFF) ^ (columns[0].astype(np.uint32) * _K[1])
        for k, column in enumerate(columns[1:], 2):
            value = ((value << np.uint32(7)) | (value >> np.uint32(25))) ^ (column.astype(np.uint32) * _K[k % len(_K)])
            value = value * _K[0]
        value = (value ^ (value >> np.uint32(15))) * _K[2]
        return ((value ^ (value >> np.uint32(13))) & np.uint32((1 << bits) - 1)).astype(np.int32)


def features(batch: Batch, units: Units, bits: int = BITS) -> Ints:
    """The hashed features of the units' tokens, (tokens, templates), as rows of a table of 2^bits."""
    found = np.empty((int(units.lengths.sum()), TEMPLATES), np.int32)
    for number, column in enumerate(by_template(batch, units, bits)):
        found[:, number] = column
    return found


def by_template(batch: Batch, units: Units, bits: int = BITS) -> Iterator[Ints]:
    """The same, template by template: what reads them one after the other keeps a small part of the table in hand."""
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
    opened, closed = _previous(marked, begin), _next(marked, end + 1)
    open_far = np.where(opened >= 0, _bucket(here - opened), 30)
    close_far = np.where(closed >= 0, _bucket(closed - here), 30)
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
    for number, columns in enumerate(templates):
        yield _mix(number, bits, *columns)
