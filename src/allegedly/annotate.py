"""Annotating plain-text articles with a trained system: files in, articles with attributions out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from allegedly.schema import CANARY, AllegedlyError, Article, ArticleRecord
from allegedly.store import RecordError, decode, read_text, sha256

BATCH = 64


def article_of(name: str, text: str) -> Article:
    """A text from anywhere as an article. Line ends become LF and a byte-order mark goes; offsets count what is left."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    identifier = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:80] or "article"
    record = ArticleRecord(
        id=identifier,
        publisher="unknown",
        published="0000-00-00",
        story=identifier,
        form="unknown",
        domain="unknown",
        variety="en",
        license="unknown",
        split="external",
        sha256=sha256(text.encode("utf-8", "surrogatepass")),
        canary=CANARY,
    )
    return Article(record, text)


def annotate_files(inputs: Sequence[str], system: Any) -> tuple[list[Article], list[str]]:
    """Annotate files, folders of `.txt`, or `-`. Returns the articles and a message for each file that has no text."""
    articles: list[Article] = []
    problems: list[str] = []
    for name, path in _files(inputs, problems):
        try:
            text = decode(sys.stdin.buffer.read(), name) if path is None else read_text(path)
            if not text.strip():
                raise RecordError("expected an article, the file is empty", name)
            articles.append(article_of(Path(name).stem, text))
        except (AllegedlyError, OSError) as error:
            problems.append(str(error))
    done: list[Article] = []
    for start in range(0, len(articles), BATCH):
        done += _batch(articles[start : start + BATCH], system)
    return done, problems


def _batch(articles: Sequence[Article], system: Any) -> list[Article]:
    """Predict for several articles at once; ids are made unique for the call, as files may share a name."""
    unique = [Article(a.record.model_copy(update={"id": f"x{number}"}), a.text) for number, a in enumerate(articles)]
    found = system.predict(unique)
    return [a.with_attributions(tuple(found.get(u.id, ()))) for a, u in zip(articles, unique, strict=True)]


def _files(inputs: Sequence[str], problems: list[str]) -> Iterator[tuple[str, Path | None]]:
    for given in inputs:
        path = Path(given)
        if given == "-":
            yield "stdin", None
        elif path.is_dir():
            found = sorted(path.glob("*.txt"))
            if not found:
                problems.append(f"{path}: expected .txt files in this folder")
            yield from ((str(f), f) for f in found)
        else:
            yield given, path


def record(article: Article) -> dict[str, Any]:
    """An annotated article as one JSON Lines record, in the shape of an extraction prediction."""
    return {"article": article.id, "attributions": [a.plain() for a in article.attributions]}
