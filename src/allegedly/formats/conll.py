"""Plain CoNLL: a token a line, a tag in the last column, a blank line between sentences; roles as BIO of SOURCE, CUE and CLAIM.

For tools that tag and for data that has been tagged. Files `*.conll`, `*.bio` or `*.tsv`; `# id = NAME` begins an article, else a file is one.
A line that begins with # is a comment where it stands at a sentence's start and has not the columns of a token.
What maps: B-/I- of SOURCE (also SPEAKER, SRC), CUE, CLAIM (also CONTENT, QUOTE). BIO has no relations: in each sentence the claims
are attributed to the nearest cue, and that to the nearest source; where there is no cue the nearest source counts. A source or cue that no claim
of its sentence leads to is reported, and only its token is kept.
What is lost: in writing, all that reading back would not give: attributions that share tokens with others, in several places, over a sentence's
end, or with a source or cue that is not the nearest; each is in the export report. Roles are of whole tokens.
What is not there: stance, kind, named, via, refers; `corpus.json` says so. White space between tokens is one space (the writer's third
column says where there is none).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
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


@dataclass
class Fragment:
    """A stretch of one role in a text, and the lines that it stands in."""

    role: str
    start: int
    end: int
    lines: list[tuple[int, str]] = field(default_factory=list)


def read(path: Path) -> Imported:
    """Read a file or a folder of files."""
    imported = Imported(
        CorpusRecord(name="conll", version="1", license="unknown", canary=CANARY, annotated=("source", "cue", "claim"))
    )
    for file in files(path, "*.conll", "*.bio", "*.tsv"):
        try:
            content = read_text(file).removeprefix("\ufeff")
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
    example = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    for number, line in enumerate(lines, first):
        if (not text or text.endswith("\n")) and _is_comment(line, example):
            continue
        if not line.strip():
            if text and not text.endswith("\n"):
                text += "\n"
                sentences.append([])
            open_, glue = None, True
            continue
        imported.lines += 1
        columns, glued = _columns(line)
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
            open_.lines.append((number, line))
        else:
            open_ = Fragment(role, start, len(text), [(number, line)])
            sentences[-1].append(open_)
    if not text.strip():
        return
    linked = list(_linked(sentences))
    led_to = {id(fragment) for fragments in linked for fragment in fragments}
    for fragment in chain(*sentences):
        for number, line in fragment.lines if id(fragment) not in led_to else ():
            imported.used -= 1
            imported.skip(file, number, f"a {fragment.role} of no claim in its sentence", line)
    made = [plain_attribution(f"a{n}", *(_spans(text, f) for f in fragments)) for n, fragments in enumerate(linked, 1)]
    imported.add(name, text.rstrip("\n") + "\n", made, split=split_of(file))


def _columns(line: str) -> tuple[list[str], bool]:
    """The columns up to the tag, and whether no space follows."""
    columns = line.split("\t") if "\t" in line else line.split()
    marked = len(columns) > 1 and columns[-1] in (GLUED, "_")
    return columns[:-1] if marked else columns, columns[-1:] == [GLUED]


def _is_comment(line: str, example: str) -> bool:
    """Whether a line at a sentence's start has not the columns of the document's tokens, of which one line is the example."""
    if not line.startswith("#") or "\t" in line:
        return False
    columns = _columns(line)[0]
    return "\t" in example or len(columns) != len(_columns(example)[0]) or not TAG.match(columns[-1])


def _linked(sentences: Iterable[Sequence[Fragment]]) -> Iterator[tuple[Fragment | None, Fragment | None, Fragment]]:
    """Source, cue and claim of each attribution."""
    for fragments in sentences:
        by = {role: [f for f in fragments if f.role == role] for role in ("source", "cue", "claim")}
        for claim in by["claim"]:
            cue = _nearest(claim, by["cue"])
            yield _nearest(cue or claim, by["source"]), cue, claim


def _nearest(to: Fragment, among: Sequence[Fragment]) -> Fragment | None:
    return min(among, key=lambda f: (max(f.start - to.end, to.start - f.end), f.start), default=None)


def _spans(text: str, fragment: Fragment | None) -> Spans:
    return () if fragment is None else spans(text, [(fragment.start, fragment.end)]) or ()


def write(articles: Sequence[Article], folder: Path) -> list[Skipped]:
    """Write one file an article; gives the attributions that reading would not give back. Of nested claims the outermost has its tokens."""
    lost: list[Skipped] = []
    for article in articles:
        tags, taken = _tags(article)
        breaks = _breaks(article)
        write_atomic(folder / f"{article.id}.conll", _lines(article, tags, breaks).encode())
        back = {
            tuple(frozenset(_tokens(article, f) if f else ()) for f in fragments)
            for fragments in _linked(_fragments(article, tags, breaks))
        }
        for a in article.attributed:
            tokens = [frozenset(i for s in all_ for i in _tokens(article, s)) for all_ in a.roles.values()]
            if a not in taken:
                reason = "its tokens have another role already"
            elif tuple(tokens) in back:
                continue
            elif any(len(all_) > 1 for all_ in a.roles.values()):
                reason = "it stands in several places, which come back apart"
            elif len({sum(b <= i for b in breaks) for i in frozenset.union(*tokens)}) > 1:
                reason = "it goes over a sentence's end, where it is cut"
            else:
                reason = "it comes back with other tokens, source or cue"
            lost.append(Skipped(f"{article.id}.conll", 0, reason, a.id))
    return lost


def _tags(article: Article) -> tuple[list[str], list[Attribution]]:
    """The tag of each token, and the attributions that are in them."""
    roles: list[str] = ["O"] * len(article.tokens)
    taken: list[Attribution] = []
    for a in article.attributed:
        cells = [(role, i) for role, all_ in a.roles.items() for s in all_ for i in _tokens(article, s)]
        if any(roles[i] not in ("O", role.upper()) for role, i in cells):
            continue
        taken.append(a)
        for role, i in cells:
            roles[i] = role.upper()
    starts = {min(t, default=-1) for a in taken for r in a.roles.values() for s in r if (t := _tokens(article, s))}
    starts |= _breaks(article)
    tags = list(roles)
    for i, role in enumerate(roles):
        if role != "O":
            tags[i] = f"{'I' if i and roles[i - 1] == role and i not in starts else 'B'}-{role}"
    return tags, taken


def _tokens(article: Article, span: Span | Fragment) -> range:
    first = bisect_right(article.tokens, span.start, key=lambda t: t.end)
    return range(first, bisect_left(article.tokens, span.end, key=lambda t: t.start))


def _breaks(article: Article) -> set[int]:
    """The tokens before which a sentence ends."""
    ends = sorted(s.end for s in article.sentences)
    numbers = [bisect_right(ends, token.start) for token in article.tokens]
    return {i for i in range(1, len(numbers)) if numbers[i] > numbers[i - 1]}


def _fragments(article: Article, tags: Sequence[str], breaks: set[int]) -> list[list[Fragment]]:
    """What reading makes of the tags, in the offsets of the article."""
    sentences: list[list[Fragment]] = [[]]
    for i, (token, tag) in enumerate(zip(article.tokens, tags, strict=True)):
        if i in breaks:
            sentences.append([])
        if tag.startswith("B"):
            sentences[-1].append(Fragment(tag[2:].lower(), token.start, token.end))
        elif tag.startswith("I"):
            sentences[-1][-1].end = token.end
    return sentences


def _lines(article: Article, tags: Sequence[str], breaks: set[int]) -> str:
    lines = [f"# id = {article.id}"]
    for i, (token, tag) in enumerate(zip(article.tokens, tags, strict=True)):
        if i in breaks:
            lines.append("")
        glued = i + 1 < len(article.tokens) and article.tokens[i + 1].start == token.end
        lines.append(f"{article.text[token.start : token.end]}\t{tag}\t{GLUED if glued else '_'}")
    return "\n".join(lines).rstrip("\n") + "\n"
