"""What crosses the border between splits: near-duplicate texts and shared unusual sentences. Exact, and linear in the texts.

Runs of words are compared as 64-bit hashes in one sorted array, so ten thousand articles take seconds and some tens of megabytes;
nothing is sampled, unlike with MinHash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from allegedly.text.sentences import sentences

SHINGLE = 8  # words of a run
TOO_ALIKE = 0.2  # share of the shorter text's runs
UNUSUAL = 10  # words from which a sentence does not stand in two articles by chance
COMMON = 3  # stories that share a sentence that is a formula, not a leak
WORD = re.compile(r"\w+")


class Leak(NamedTuple):
    """Two articles of different splits that share too much. `sentence` is empty for near-duplicate texts."""

    one: str
    other: str
    shared: int
    sentence: str = ""


def near_duplicates(texts: Mapping[str, str], split: Mapping[str, str]) -> Iterator[Leak]:
    """Pairs of articles across splits that share a fifth or more of the shorter one's runs of eight words."""
    names = list(texts)
    runs = [np.unique(_runs(texts[name])) for name in names]
    if not runs:
        return
    keys = np.concatenate(runs)
    owners = np.repeat(np.arange(len(names)), [len(r) for r in runs])
    shared: Counter[tuple[str, str]] = Counter()
    for group in _groups(keys, owners):
        members = [names[i] for i in group]
        shared.update((a, b) for n, a in enumerate(members) for b in members[n + 1 :] if split[a] != split[b])
    size = {name: len(r) for name, r in zip(names, runs, strict=True)}
    for (a, b), n in sorted(shared.items()):
        if n >= TOO_ALIKE * min(size[a], size[b]):
            yield Leak(a, b, n)


def _runs(text: str) -> NDArray[np.uint64]:
    """A hash of each run of eight words, from hashes of the words."""
    known: dict[str, int] = {}
    codes = np.array([known.get(w) or known.setdefault(w, _hash(w)) for w in WORD.findall(text.casefold())], np.uint64)
    if len(codes) < SHINGLE:
        return np.zeros(0, np.uint64)
    mixed = np.zeros(len(codes) - SHINGLE + 1, np.uint64)
    for k in range(SHINGLE):
        mixed = (mixed ^ codes[k : k + len(mixed)]) * np.uint64(0x9E3779B97F4A7C15)
    return mixed


def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def _groups(keys: NDArray[np.uint64], owners: NDArray[np.int64]) -> Iterator[list[int]]:
    """The owners of each key that has several."""
    order = np.argsort(keys, kind="stable")
    keys, owners = keys[order], owners[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, np.int64)
    ends = np.r_[starts[1:], len(keys)] if len(keys) else starts
    for a, b in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        yield owners[a:b].tolist()


def shared_sentences(articles: Iterable[tuple[str, str, str, str]]) -> Iterator[Leak]:
    """Sentences of ten words or more that stand in two splits; one that three stories share is a formula and passes.

    `articles` gives (id, story, split, text).
    """
    seen: dict[int, list[tuple[str, str, str]]] = {}
    example: dict[int, str] = {}
    for name, story, split, text in articles:
        for start, end in sentences(text):
            words = WORD.findall(text[start:end].casefold())
            if len(words) >= UNUSUAL:
                key = _hash(" ".join(words))
                places = seen.setdefault(key, [])
                if any(split != p[2] for p in places):
                    example[key] = text[start:end]
                places.append((name, story, split))
    for key, sentence in example.items():
        places = seen[key]
        if len({story for _, story, _ in places}) < COMMON:
            first = places[0]
            other = next(p for p in places if p[2] != first[2])
            yield Leak(first[0], other[0], 1, sentence)
