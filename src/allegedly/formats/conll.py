"""Plain CoNLL: a token a line, a tag in the last column, a blank line between sentences; roles as BIO of SOURCE, CUE and CLAIM.

For tools that tag and for data that has been tagged. Files `*.conll`, `*.bio` or `*.tsv`; `# id = NAME` begins an article, else a file is one.
What maps: B-/I- of SOURCE (also SPEAKER, SRC), CUE, CLAIM (also CONTENT, QUOTE). BIO has no relations: in each sentence the claims
are attributed to the nearest cue, and that to the nearest source; where there is no cue the source counts alone. So reading back gives roles
exactly and attributions only nearly, and nested or discontinuous ones not at all.
What is not there: stance, kind, named, via, refers; `corpus.json` says so. White space between tokens is one space (the writer's third
column says where there is none).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from allegedly.formats import Imported, Skipped, files, plain_attribution, spans, split_of
from allegedly.schema import CANARY, Article, Attribution, CorpusRecord, Span, Spans
from allegedly.store import RecordError, read_text, write_atomic

ROLES = {
    "SOURCE": "source",
    "SPEAKER": "source",
    "SRC": "source",
    "CUE": "cue",
    "CLAIM": "claim",
    "CONTENT": "claim",
    "QUOTE": "claim",
}
TAG = re.compile(r"^(?:O|[BI]-([A-Za-z]+))$")
GLUED = "SpaceAfter=No"


class Fragment:
    """A stretch of one role in the text that is being built."""

    def __init__(self, role: str, start: int, end: int) -> None:
        self.role, self.start, self.end = role, start, end


def read(path: Path) -> Imported:
    """Read a file or a folder of files."""
    imported = Imported(
        CorpusRecord(name="conll", version="1", license="unknown", canary=CANARY, annotated=("source", "cue", "claim"))
    )
    for file in files(path, "*.conll", "*.bio", "*.tsv"):
        try:
            content = read_text(file)
        except RecordError as error:
            imported.skip(file, error.line or 0, "unreadable", error.message)
            continue
        for name, first, lines in _documents(content, file.stem):
            _document(imported, file, name, first, lines)
    return imported


def _documents(content: str, name: str) -> Iterator[tuple[str, int, list[str]]]:
    """Each document's name, number of its first line, and lines."""
    lines: list[str] = []
    first = 1
    for number, line in enumerate(content.replace("\r\n", "\n").split("\n"), 1):
        if line.startswith("# id = "):
            if any(x.strip() for x in lines):
                yield name, first, lines
            name, first, lines = line.removeprefix("# id = ").strip(), number + 1, []
        else:
            lines.append(line)
    if any(x.strip() for x in lines):
        yield name, first, lines


def _document(imported: Imported, file: Path, name: str, first: int, lines: list[str]) -> None:
    text = ""
    sentences: list[list[Fragment]] = [[]]
    open_: Fragment | None = None
    glue = True
    for number, line in enumerate(lines, first):
        if line.startswith("#"):
            continue
        if not line.strip():
            if text and not text.endswith("\n"):
                text += "\n"
                sentences.append([])
            open_, glue = None, True
            continue
        columns = line.split("\t") if "\t" in line else line.split()
        imported.lines += 1
        glued = columns[-1] == GLUED
        columns = columns[:-1] if glued or columns[-1] == "_" else columns
        tag = TAG.match(columns[-1]) if len(columns) > 1 else None
        role = ROLES.get(tag[1].upper()) if tag and tag[1] else None
        if tag is None or (tag[1] and role is None) or not columns[0].strip():
            imported.skip(file, number, "no token and tag" if tag is None else "a tag of another kind", line)
            open_ = None
            if len(columns) < 2 or not columns[0].strip():
                continue
        else:
            imported.used += 1
        if not glue:
            text += " "
        start = len(text)
        text += columns[0]
        glue = glued
        if role is None:
            open_ = None
        elif open_ is not None and open_.role == role and columns[-1].startswith("I"):
            open_.end = len(text)
        else:
            open_ = Fragment(role, start, len(text))
            sentences[-1].append(open_)
    if text.strip():
        imported.add(name, text.rstrip("\n") + "\n", _linked(text, sentences), split=split_of(file))


def _linked(text: str, sentences: Sequence[Sequence[Fragment]]) -> list[Attribution]:
    made: list[Attribution] = []
    for fragments in sentences:
        by = {role: [f for f in fragments if f.role == role] for role in ("source", "cue", "claim")}
        for claim in by["claim"]:
            cue = _nearest(claim, by["cue"])
            source = _nearest(cue or claim, by["source"])
            roles = [_spans(text, f) for f in (source, cue, claim)]
            made.append(plain_attribution(f"a{len(made) + 1}", *roles))
    return made


def _nearest(to: Fragment, among: Sequence[Fragment]) -> Fragment | None:
    return min(among, key=lambda f: (max(f.start - to.end, to.start - f.end), f.start), default=None)


def _spans(text: str, fragment: Fragment | None) -> Spans:
    return () if fragment is None else spans(text, [(fragment.start, fragment.end)]) or ()


def write(articles: Sequence[Article], folder: Path) -> list[Skipped]:
    """Write one file an article; gives the attributions that nesting or overlap hides. The outermost claim has its tokens."""
    lost: list[Skipped] = []
    for article in articles:
        roles: list[str] = ["O"] * len(article.tokens)
        taken: list[Attribution] = []
        for a in article.attributed:
            wanted = [(role, s) for role, all_ in a.roles.items() for s in all_]
            cells = [(role, i, s) for role, s in wanted for i in _tokens(article, s)]
            if any(roles[i] not in ("O", role.upper()) for role, i, _ in cells):
                lost.append(Skipped(f"{article.id}.conll", 0, "its tokens have another role already", a.id))
                continue
            taken.append(a)
            for role, i, _ in cells:
                roles[i] = role.upper()
        starts = {min(t, default=-1) for a in taken for r in a.roles.values() for s in r if (t := _tokens(article, s))}
        write_atomic(folder / f"{article.id}.conll", _lines(article, roles, starts).encode())
    return lost


def _tokens(article: Article, span: Span) -> range:
    first = bisect_right(article.tokens, span.start, key=lambda t: t.end)
    return range(first, bisect_left(article.tokens, span.end, key=lambda t: t.start))


def _lines(article: Article, roles: Sequence[str], starts: set[int]) -> str:
    lines = [f"# id = {article.id}"]
    ends = sorted(s.end for s in article.sentences)
    for i, token in enumerate(article.tokens):
        role = roles[i]
        inside = i > 0 and roles[i - 1] == role and i not in starts
        tag = "O" if role == "O" else f"{'I' if inside else 'B'}-{role}"
        glued = i + 1 < len(article.tokens) and article.tokens[i + 1].start == token.end
        lines.append(f"{article.text[token.start : token.end]}\t{tag}\t{GLUED if glued else '_'}")
        if bisect_right(ends, token.end) > bisect_right(ends, token.start):
            lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"
