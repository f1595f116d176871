"""Checking a corpus folder: findings with codes are returned, printing is elsewhere. It changes nothing."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from allegedly.schema import (
    AllegedlyError,
    Article,
    ArticleRecord,
    Attribution,
    CorpusRecord,
    ExternalRecord,
    Finding,
    Record,
    Story,
)
from allegedly.store import (
    RecordError,
    decode,
    dump_records,
    parse,
    parse_objects,
    sha256,
    surface,
    write_atomic,
)
from allegedly.validate.layers import Place, check_layer
from allegedly.validate.leaks import SHINGLE, near_duplicates, shared_sentences
from allegedly.validate.rules import RULES, Rule, rule

__all__ = ["RULES", "Rule", "fix", "rule", "validate"]

R = TypeVar("R", bound=Record)


def validate(root: Path, progress: Callable[[str], None] = lambda step: None, *, layers: bool = True) -> list[Finding]:
    """Every finding of a corpus folder, in the order of its files; without `layers`, of its records and texts alone."""
    return list(_Check(root, progress).run(layers=layers))


def fix(root: Path) -> list[Path]:
    """Rewrite every JSON Lines file that is not canonical, where each line can be read. Returns what was rewritten."""
    done = []
    for path in _files(root):
        try:
            data = path.read_bytes()
            text = dump_records([line for _, line in parse_objects(decode(data, str(path)), str(path))])
        except AllegedlyError:
            continue
        if text != data:
            write_atomic(path, text)
            done.append(path)
    return done


def _files(root: Path) -> list[Path]:
    """Every JSON Lines file that is made by a command; drafts are their authors' own."""
    made = (
        "corpus/*.jsonl",
        "annotations/*.jsonl",
        "annotations/gold/*",
        "annotations/external/*",
        "annotations/layers/*/*",
    )
    return sorted((p for pattern in made for p in root.glob(pattern) if p.suffix == ".jsonl"), key=str)


class _Check:
    """One walk over a corpus folder."""

    def __init__(self, root: Path, progress: Callable[[str], None]) -> None:
        self.root = root
        self.progress = progress
        self.articles: dict[str, ArticleRecord] = {}
        self.stories: dict[str, Story] = {}
        self.texts: dict[str, str] = {}
        self._read: dict[str, Article] = {}

    def run(self, *, layers: bool) -> Iterator[Finding]:
        """All checks, from bytes to links."""
        self.progress("records")
        yield from self._info()
        for name, model, into in (
            ("articles", ArticleRecord, self.articles),
            ("external", ExternalRecord, self.articles),
            ("stories", Story, self.stories),
        ):
            yield from self._index(self.root / "corpus" / f"{name}.jsonl", model, into)
        yield from self._stories()
        self.progress("texts")
        yield from self._texts()
        yield from self._splits()
        if layers:
            self.progress("layers")
            yield from self._layers()

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root))

    def _info(self) -> Iterator[Finding]:
        path = self.root / "corpus" / "corpus.json"
        if not path.exists():
            yield Finding("A006", "expected the corpus's name, version and licence here", self._shown(path))
            return
        try:
            info = parse(CorpusRecord, json.loads(path.read_text("utf-8")), self._shown(path))
            if "canary" not in info.canary:
                yield Finding("A009", f"got {info.canary!r}", self._shown(path))
        except (ValueError, AllegedlyError) as error:
            yield Finding("A006", str(error), self._shown(path))

    def _lines(self, path: Path, model: type[R]) -> Iterator[Finding | tuple[int, R]]:
        """The records of a file as (line, record), and a finding for each line that is none."""
        shown = self._shown(path)
        try:
            data = path.read_bytes()
            text = decode(data, shown)
        except (OSError, RecordError) as error:
            message = error.message if isinstance(error, RecordError) else str(error)
            yield Finding("A001", message, shown)
            return
        raw: list[dict[str, Any]] = []
        broken = False
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                ((_, entry),) = parse_objects(line, shown)
                raw.append(entry)
                yield number, parse(model, entry, shown, number)
            except RecordError as error:
                broken = True
                yield Finding("A006", error.message, shown, number)
        if not broken and dump_records(raw) != data:
            yield Finding("A008", "", shown)

    def _index(self, path: Path, model: type[Any], into: dict[str, Any]) -> Iterator[Finding]:
        if not path.exists():
            if path.stem == "articles":
                yield Finding("A006", "expected the article records here", self._shown(path))
            return
        for found in self._lines(path, model):
            if isinstance(found, Finding):
                yield found
                continue
            line, record = found
            if record.id in into:
                yield Finding("A007", f"{record.id!r}", self._shown(path), line)
                continue
            into[record.id] = record
            if "canary" not in record.canary:
                yield Finding("A009", f"{record.id}: got {record.canary!r}", self._shown(path), line)

    def _stories(self) -> Iterator[Finding]:
        path = self._shown(self.root / "corpus" / "stories.jsonl")
        for story in self.stories.values():
            excludes = {p.id: set(p.excludes) for p in story.propositions}
            for proposition, others in excludes.items():
                for other in sorted(others):
                    if other == proposition or proposition not in excludes.get(other, set()):
                        yield Finding("A031", f"story {story.id}: {proposition} excludes {other}", path)

    def _texts(self) -> Iterator[Finding]:
        known = set()
        titles: dict[str, str] = {}
        for record in self.articles.values():
            external = isinstance(record, ExternalRecord)
            path = self.root / "corpus" / ("local" if external else "texts") / f"{record.id}.txt"
            known.add(path)
            if not path.exists():
                if not external:
                    yield Finding("A003", "", self._shown(path), article=record.id)
                continue
            data = path.read_bytes()
            try:
                text = decode(data, self._shown(path))
            except RecordError as error:
                yield Finding("A001", error.message, self._shown(path), article=record.id)
                continue
            if sha256(data) != record.sha256:
                yield Finding(
                    "A004",
                    f"expected {record.sha256[:12]}…, got {sha256(data)[:12]}…",
                    self._shown(path),
                    article=record.id,
                )
            if not external:
                yield from self._clean(text, path, record.id)
                title = text.split("\n", 1)[0].strip().casefold()
                if title and titles.setdefault(title, record.id) != record.id:
                    yield Finding("A035", f"also the title of {titles[title]}", self._shown(path), 1, record.id)
            self.texts[record.id] = text
        for folder in ("texts", "local"):
            for path in sorted((self.root / "corpus" / folder).glob("*")):
                if path not in known:
                    yield Finding("A010", "no article has this id", self._shown(path))

    def _clean(self, text: str, path: Path, article: str) -> Iterator[Finding]:
        title, _, body = text.partition("\n")
        if not title.strip() or not re.search(r"\w", body):
            yield Finding("A005", "", self._shown(path), article=article)
        for number, line in enumerate(text.split("\n"), 1):
            if line.isprintable() and line == line.rstrip():
                continue
            odd = sorted({c for c in line if c != "\t" and unicodedata.category(c) in ("Cc", "Cf") and c != "\u200d"})
            if odd or line != line.rstrip():
                shown = ", ".join(f"U+{ord(c):04X}" for c in odd) or "white space at the line's end"
                yield Finding("A002", shown, self._shown(path), number, article)

    def _splits(self) -> Iterator[Finding]:
        path = self._shown(self.root / "corpus" / "articles.jsonl")
        splits: dict[str, dict[str, str]] = {}
        for record in self.articles.values():
            others = splits.setdefault(record.story, {})
            others.setdefault(record.split, record.id)
            if self.stories and record.story not in self.stories and not isinstance(record, ExternalRecord):
                yield Finding("A024", f"{record.story!r}", path, article=record.id)
        for story, by_split in splits.items():
            if len(by_split) > 1:
                shown = ", ".join(f"{article} in {split}" for split, article in by_split.items())
                yield Finding("A025", f"story {story}: {shown}", path)
        if len({r.split for r in self.articles.values()}) > 1:
            yield from self.leaks()

    def leaks(self) -> Iterator[Finding]:
        """What crosses the border between splits."""
        path = self._shown(self.root / "corpus" / "articles.jsonl")
        split = {record.id: record.split for record in self.articles.values()}
        for leak in near_duplicates(self.texts, split):
            yield Finding("A026", f"{leak.one} and {leak.other} share {leak.shared} runs of {SHINGLE} words", path)
        rows = [(r.id, r.story, r.split, self.texts[r.id]) for r in self.articles.values() if r.id in self.texts]
        for leak in shared_sentences(rows):
            yield Finding(
                "A034",
                f"{leak.one} ({split[leak.one]}) and {leak.other} ({split[leak.other]}): {leak.sentence!r}",
                path,
            )

    def _layers(self) -> Iterator[Finding]:
        annotations = self.root / "annotations"
        have_gold = set()
        for path in sorted(
            [*annotations.glob("gold/*"), *annotations.glob("external/*"), *annotations.glob("layers/*/*")]
        ):
            record = self.articles.get(path.stem)
            external = isinstance(record, ExternalRecord)
            misplaced = path.parent.name == ("gold" if external else "external")
            if record is None or path.suffix != ".jsonl" or misplaced:
                yield Finding("A010", "no article has this id", self._shown(path))
                continue
            if path.parent.name in ("gold", "external"):
                have_gold.add(record.id)
            yield from self._layer(path, record, external=external)
        for record in self.articles.values():
            if record.id not in have_gold:
                yield Finding("A033", "", "annotations/gold", article=record.id)

    def _layer(self, path: Path, record: ArticleRecord, *, external: bool) -> Iterator[Finding]:
        lines: list[tuple[int, Attribution]] = []
        for found in self._lines(path, Attribution):
            if isinstance(found, Finding):
                yield found._replace(article=record.id)
            else:
                lines.append(found)
        text = self.texts.get(record.id)
        if external:
            for line, attribution in lines:
                if any(s.text is not None for spans in attribution.roles.values() for s in spans):
                    yield Finding("A030", "", self._shown(path), line, record.id, attribution.id)
            lines = [(line, surface(a, text)) for line, a in lines] if text is not None else lines
        if text is not None:
            place = Place(self._shown(path), record.id)
            article = self._read.setdefault(
                record.id, Article(record, text)
            )  # its sentences are found once for all layers
            yield from check_layer(article, lines, place, self.stories.get(record.story))
