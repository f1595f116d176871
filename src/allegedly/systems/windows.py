"""Units as windows of word pieces: what an encoder reads. Whole units are packed together; a unit that is too long is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allegedly.systems.features import quoted
from allegedly.systems.reading import Batch, Units
from allegedly.text.tokens import surfaces

PIECES = 160  # of a window, the special ones included
LONGEST_WORD = 12  # pieces of a word that are read; the rest of it is left out
CASES, QUOTES, DEPTHS = 4, 4, 3
LOOKS = CASES * QUOTES * DEPTHS  # what an uncased vocabulary cannot see: case, quotation, depth


@dataclass(frozen=True)
class Window:
    """Word pieces, how each looks, and where the first piece of each token stands."""

    pieces: list[int]
    looks: list[int]
    tokens: Any  # numbers of the tokens in the batch
    rows: Any  # their row among the units' positions
    first: Any  # the place of their first piece in the window


class Pieces:
    """A tokenizer that is asked once about each word."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.start = [x for x in (tokenizer.cls_token_id, tokenizer.bos_token_id) if x is not None][:1]
        self.end = [x for x in (tokenizer.sep_token_id, tokenizer.eos_token_id) if x is not None][:1]
        self._known: dict[str, list[int]] = {}

    def of(self, words: Sequence[str]) -> list[list[int]]:
        """The pieces of each word, one at least."""
        if new := list(dict.fromkeys(w for w in words if w not in self._known)):
            unknown = self.tokenizer.unk_token_id
            found = self.tokenizer([f" {w[:100]}" for w in new], add_special_tokens=False)["input_ids"]
            fallback = [unknown if unknown is not None else 0]
            self._known.update((w, list(ids)[:LONGEST_WORD] or fallback) for w, ids in zip(new, found, strict=True))
        return [self._known[w] for w in words]


def windows(batch: Batch, units: Units, pieces: Pieces) -> list[Window]:
    """The units of a batch in windows, article by article."""
    at = units.positions()
    lengths = units.lengths
    low = np.repeat(np.cumsum(lengths) - lengths, lengths)
    surface = [w for a in batch.articles for w in surfaces(a.text, a.tokens)]
    looks = (quoted(batch.column("mark")[at], low).astype(np.int64) * CASES + _cases(surface)[at]) * DEPTHS
    looks += min(units.depth, DEPTHS - 1)
    words = pieces.of(surface)
    article = np.searchsorted(batch.firsts, units.starts, "right")
    made: list[Window] = []
    draft = _Draft(pieces)
    row = 0
    for number, (start, end) in enumerate(zip(units.starts.tolist(), units.ends.tolist(), strict=True)):
        size = sum(len(words[t]) for t in range(start, end)) + len(pieces.end)
        if draft.tokens and (article[number] != article[number - 1] or len(draft.pieces) + size > PIECES):
            made.append(draft.window())
            draft = _Draft(pieces)
        for token in range(start, end):
            if len(draft.pieces) + len(words[token]) + len(pieces.end) > PIECES:
                made.append(draft.window())
                draft = _Draft(pieces)
            draft.add(token, row, words[token], int(looks[row]))
            row += 1
        draft.close()
    if draft.tokens:
        made.append(draft.window())
    return made


class _Draft:
    def __init__(self, pieces: Pieces) -> None:
        self._end = pieces.end
        self.pieces: list[int] = list(pieces.start)
        self.looks: list[int] = [0] * len(self.pieces)
        self.tokens: list[int] = []
        self.rows: list[int] = []
        self.first: list[int] = []

    def add(self, token: int, row: int, pieces: list[int], look: int) -> None:
        self.tokens.append(token)
        self.rows.append(row)
        self.first.append(len(self.pieces))
        self.pieces += pieces
        self.looks += [look] * len(pieces)

    def close(self) -> None:
        self.pieces += self._end
        self.looks += [0] * len(self._end)

    def window(self) -> Window:
        return Window(self.pieces, self.looks, np.array(self.tokens), np.array(self.rows), np.array(self.first))


def _cases(words: Sequence[str]) -> Any:
    """Per token: 0 without capitals, 1 a capital first, 2 capitals only, 3 no letters."""
    return np.array(
        [3 if not w[:1].isalpha() else 0 if w.islower() else 2 if len(w) > 1 and w.isupper() else 1 for w in words],
        np.int64,
    )
