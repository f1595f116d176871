"""Attaching a text that is not ours to ship: its checksum is checked, then it lies in the ignored folder `corpus/local`."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from allegedly.schema import AllegedlyError, ExternalRecord
from allegedly.store import Corpus, UnknownIdError, read_text, sha256, write_atomic

LEADING = ("", " ", "\n")
TRAILING = ("", "\n", "\n\n")


class WrongTextError(AllegedlyError, ValueError):
    """A file that is not the text that was annotated."""


def attach(corpus: Corpus, article: str, file: Path) -> str:
    """Copy an external article's text into the local folder. Returns a sentence on what was done.

    A file that differs only in line ends, byte-order mark or outer white space is mended; WrongTextError for any other.
    """
    if article not in corpus.external:
        raise UnknownIdError("external article", article, corpus.external)
    record = corpus.external[article]
    given = read_text(file)
    text = _mended(given, record)
    if text is None:
        raise WrongTextError(
            f"{file} is another text than {article}: expected {record.length} code points with sha256 "
            f"{record.sha256[:12]}…, got {len(given)} with {sha256(given.encode())[:12]}…. Its words differ, not only line "
            f"ends or outer white space. Where to get it: {record.where}"
        )
    write_atomic(corpus.text_path(record), text.encode())
    note = "" if text == given else " (line ends or outer white space differed and were mended)"
    return f"{article} attached{note}; it is now in split external"


def _mended(given: str, record: ExternalRecord) -> str | None:
    """The annotated text, if the given one differs from it in line ends and outer white space alone."""
    core = given.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip()
    candidates = [given, *(a + core + b for a, b in product(LEADING, TRAILING))]
    return next((c for c in candidates if len(c) == record.length and sha256(c.encode()) == record.sha256), None)
