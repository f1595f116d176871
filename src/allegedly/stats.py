"""What a corpus's prose is like, in figures that need no annotation, so that it can be laid beside any other corpus.

Persons, quotations and reporting verbs are found by surface patterns: the same for both corpora, and good for comparing only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from allegedly.schema import AllegedlyError
from allegedly.store import Corpus, read_text
from allegedly.systems import lexicon
from allegedly.text.sentences import sentences
from allegedly.text.tokens import words

WINDOW = 100  # words of the moving window of the type-token ratio
RUN = 8  # words that two sentences share to be near-duplicates
OPENING = 6  # tokens of a sentence's opening
CLOSE = 0.25  # how far a figure may lie from the other corpus's

QUOTED = re.compile(r"“([^”]{1,600})”|\"([^\"]{1,600})\"|(?<!\w)['‘]([^“”\"\n]{1,600}?)['’](?!\w)")
NAME = re.compile(r"(?<![.!?“\"\n] )(?<!\n)(?<!^)\b[A-Z][a-z]+(?: (?:ta|ist-)?)? ?[A-Z][a-z]+(?:-[A-Z][a-z]+)?\b")
UNNAMED = re.compile(
    r"\b(?i:an?|one|two|three|four|several|some|another|the)\s+(?:[a-z-]+\s+){0,2}(?:officials?|sources?|spokes(?:man|woman|person|people)|"
    r"diplomats?|witness(?:es)?|residents?|aides?|analysts?|experts?|insiders?|members?|survivors?|relatives?|neighbours?|neighbors?|"
    r"voters?|supporters?|lawyers?|advis[eo]rs?|colleagues?|workers?|officers?|persons?|people)\b"
)
PRONOUN = frozenset("he she they him her them his hers their theirs himself herself themselves".split())
KEPT = (
    lexicon.AUXILIARIES
    | lexicon.BOUNDARIES
    | lexicon.DETERMINERS
    | lexicon.PREPOSITIONS
    | lexicon.PRONOUNS
    | lexicon.NEGATION
    | PRONOUN
)


class Text(NamedTuple):
    """A text and the group (story) within which sharing is no fault."""

    group: str
    text: str


class Figure(NamedTuple):
    """A statistic: its name, its value, and whether less is always fine (sharing)."""

    name: str
    value: float
    less_is_fine: bool = False


def texts_of(path: Path) -> list[Text]:
    """The texts of a corpus folder by story, or every `.txt` below a folder, each its own group."""
    if (path / "corpus" / "articles.jsonl").exists():
        corpus = Corpus(path)
        return [Text(r.story, corpus.text(r.id)) for r in corpus.records.values()]
    found = [Text(str(p), read_text(p)) for p in sorted(path.rglob("*.txt"))]
    if not found:
        raise AllegedlyError(f"{path}: expected a corpus folder, or .txt files below it")
    return found


def sample(texts: Sequence[Text], size: int) -> list[Text]:
    """About `size` words of some texts, evenly spread: what texts share grows with how much of them there is."""
    step = max(1.0, sum(len(words(t.text)) for t in texts) / max(size, 1))
    return [texts[int(i * step)] for i in range(int(len(texts) / step))]


def figures(texts: Iterable[Text], progress: Callable[[str], None] = lambda step: None) -> list[Figure]:
    """Every statistic of some texts; one pass, memory grows with counts and hashes alone."""
    made = _Counts()
    for number, text in enumerate(texts):
        if number % 100 == 0:
            progress(f"{number} texts")
        made.add(text)
    return made.figures()


class _Counts:
    """Running counts over texts."""

    def __init__(self) -> None:
        self.articles = self.words = self.sentences = self.quoted = self.pronouns = self.unnamed = self.named = 0
        self.quotes: Counter[str] = Counter()
        self.verbs: Counter[str] = Counter()
        self.ratios: list[float] = []
        self.lengths: list[int] = []
        self.windows: list[int] = []
        self._open: list[str] = []
        self._runs = _Shared()
        self._skeletons = _Shared()
        self._openings = _Shared()

    def add(self, text: Text) -> None:
        self.articles += 1
        spoken = [text.text[a:b] for a, b in sentences(text.text)]
        split = [words(s) for s in spoken]
        plain = [[w.lower() for w in s if w[0].isalnum()] for s in split]
        flat = [w for s in plain for w in s]
        self.words += len(flat)
        self.lengths.append(len(flat))
        self.sentences += len(spoken)
        self.ratios += [len(set(flat[i : i + WINDOW])) / WINDOW for i in range(0, len(flat) - WINDOW + 1, WINDOW // 2)]
        self.pronouns += sum(w in PRONOUN for w in flat)
        for match in QUOTED.finditer(text.text):
            length = len(words(match[match.lastindex or 0]))
            self.quoted += length
            self.quotes["fragment" if length < 5 else "clause"] += 1
        self.named += len({m.group() for m in NAME.finditer(text.text)})
        self.unnamed += len({m.group() for m in UNNAMED.finditer(text.text)})
        found = [lexicon.LEMMA[w] for w in flat if w in lexicon.VERB_CLASS and lexicon.SLOT[w] in (1, 2)]
        self.verbs.update(found)
        self._open += flat
        while len(self._open) >= 1000:
            window, self._open = self._open[:1000], self._open[1000:]
            self.windows.append(len({lexicon.LEMMA[w] for w in window if lexicon.SLOT.get(w) in (1, 2)}))
        self._share(text.group, split, plain)

    def _share(self, group: str, split: Sequence[Sequence[str]], plain: Sequence[Sequence[str]]) -> None:
        for tokens, low in zip(split, plain, strict=True):
            if len(low) < RUN:
                continue
            self._runs.add(group, (" ".join(low[i : i + RUN]) for i in range(len(low) - RUN + 1)))
            bones = skeleton(tokens)
            self._skeletons.add(group, [" ".join(bones)])
            self._openings.add(group, [" ".join(bones[:OPENING])])

    def figures(self) -> list[Figure]:
        thousand = max(self.words, 1) / 1000
        total = sum(self.verbs.values())
        entropy = -sum(n / total * math.log2(n / total) for n in self.verbs.values()) if total else 0.0
        each = max(self.articles, 1)
        return [
            Figure("words per article (median)", float(np.median(self.lengths)) if self.lengths else 0.0),
            Figure("sentences per article", self.sentences / each),
            Figure("words per sentence", self.words / max(self.sentences, 1)),
            Figure(f"type-token ratio ({WINDOW} words)", float(np.mean(self.ratios)) if self.ratios else 0.0),
            Figure("share of words in quotation marks", self.quoted / max(self.words, 1)),
            Figure("quoted clauses per 1,000 words", self.quotes["clause"] / thousand),
            Figure("quoted fragments per 1,000 words", self.quotes["fragment"] / thousand),
            Figure("reporting verbs per 1,000 words", total / thousand),
            Figure("distinct reporting verbs per 1,000 words", float(np.mean(self.windows)) if self.windows else 0.0),
            Figure("entropy of reporting verbs (bits)", entropy),
            Figure("pronouns per 1,000 words", self.pronouns / thousand),
            Figure("named persons and bodies per article", self.named / each),
            Figure("unnamed persons per article", self.unnamed / each),
            Figure(f"sentences sharing {RUN} words with another story", self._runs.share(), less_is_fine=True),
            Figure("sentence skeletons shared with another story", self._skeletons.share(), less_is_fine=True),
            Figure(f"openings ({OPENING} tokens) shared with another story", self._openings.share(), less_is_fine=True),
        ]


def skeleton(tokens: Sequence[str]) -> list[str]:
    """A sentence without its content: function words stay, of the others the shape and the ending.

    >>> skeleton(["The", "minister", "denied", "paying", "1,500", "men"])
    ['the', 'x', 'xed', 'xing', '9', 'x']
    """
    return [_bone(t) for t in tokens]


def _bone(token: str) -> str:
    low = token.lower()
    if low in KEPT or not token[0].isalnum():
        return low
    if token[0].isdigit():
        return "9"
    ending = next((e for e in ("ing", "ed", "ly", "s") if low.endswith(e) and len(low) > len(e) + 2), "")
    return ("X" if token[0].isupper() else "x") + ending


class _Shared:
    """Which sentences share a key with a sentence of another group; hashes alone are kept."""

    def __init__(self) -> None:
        self._owner: dict[int, int] = {}
        self._groups: dict[str, int] = {}
        self._keys: list[NDArray[np.int64]] = []

    def add(self, group: str, keys: Iterable[str]) -> None:
        number = self._groups.setdefault(group, len(self._groups))
        hashed = [hash(k) for k in keys]
        for key in hashed:
            if self._owner.setdefault(key, number) != number:
                self._owner[key] = -1
        self._keys.append(np.array(hashed, np.int64))

    def share(self) -> float:
        hits = sum(any(self._owner[int(k)] == -1 for k in keys) for keys in self._keys)
        return hits / len(self._keys) if self._keys else 0.0


class Row(NamedTuple):
    """A figure beside another corpus's: `close` says whether it lies within a quarter, or below where less is fine."""

    name: str
    ours: float
    theirs: float
    close: bool


def compare(
    ours: Sequence[Text], theirs: Sequence[Text], progress: Callable[[str], None] = lambda step: None
) -> list[Row]:
    """Each figure of our texts beside the same of other texts.

    What is shared between stories grows with the amount of text, so it is measured on as many words of theirs as we have.
    """
    mine = figures(ours, progress)
    whole = figures(theirs, progress)
    part = figures(sample(theirs, sum(len(words(t.text)) for t in ours)), progress)
    rows = []
    for a, b, c in zip(mine, whole, part, strict=True):
        other = c.value if a.less_is_fine else b.value
        near = a.value <= other if a.less_is_fine else abs(a.value - other) <= CLOSE * abs(other)
        rows.append(Row(a.name, a.value, other, near))
    return rows
