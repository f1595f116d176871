"""Quote authoring: a draft line names its spans by quoting them, `anchor` finds the offsets.

Three marks: ` … ` stands for everything between its two sides, ` || ` separates the spans of a discontinuous one, and
`at` says in which sentence (and, as "12#2", at which occurrence in it) a quote stands. A quote that is missing or
ambiguous is refused, with the candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from allegedly.schema import KINDS, AllegedlyError, Article, Attribution, Span
from allegedly.store import parse, parse_objects

PIECES = re.compile(r"\s*\|\|\s*")
GAP = re.compile(r"\s+(?:…|\.\.\.)\s+")
ADDRESS = re.compile(r"^(\d+)(?:#(\d+))?$")
ROLES = ("source", "cue", "claim")


class QuoteError(AllegedlyError, ValueError):
    """A quote that is not in the text, or stands there more than once. Carries the candidates."""

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        self.candidates = candidates
        super().__init__(message + "".join(f"\n    {c}" for c in candidates))


@dataclass(frozen=True)
class Anchored:
    """What became of a draft: the attributions, and a message for each line that could not be anchored."""

    attributions: tuple[Attribution, ...]
    problems: tuple[tuple[int, str], ...] = field(default=())


def find_spans(article: Article, quote: str, at: Any = None) -> tuple[Span, ...]:
    """The spans of a quote; `at` is a sentence number from 1, "12#2", or a list of those, one per span.

    QuoteError lists the candidates where the quote is missing or ambiguous.
    """
    if not quote.strip():
        return ()
    pieces = PIECES.split(quote.strip())
    addresses = list(at) if isinstance(at, list) else [at] + [None] * (len(pieces) - 1)
    if len(addresses) != len(pieces):
        raise QuoteError(f"{quote!r} has {len(pieces)} spans, but `at` lists {len(addresses)}")
    spans: list[Span] = []
    for piece, address in zip(pieces, addresses, strict=True):
        after = spans[-1].end if spans else 0
        spans.append(_find_piece(article, piece, address, after, continued=bool(spans)))
    return tuple(spans)


def _find_piece(article: Article, piece: str, address: Any, after: int, *, continued: bool) -> Span:
    """One span of a quote. A later span of a discontinuous quote is the next one after the span before it."""
    sides = GAP.split(piece)
    firsts = occurrences(article.text, sides[0])
    start, end = _choose(article, sides[0], firsts, address, after, nearest=continued)
    for side in sides[1:]:
        found = occurrences(article.text, side)
        _, end = _choose(article, side, found, None, end, nearest=True)
    return Span(start=start, end=end, text=article.text[start:end])


def occurrences(text: str, quote: str) -> list[tuple[int, int]]:
    """Where a quote stands, as (start, end); its first and last word are never a part of a longer one."""
    pattern = re.escape(quote.strip())
    if quote[:1].isalnum():
        pattern = r"(?<!\w)" + pattern
    if quote[-1:].isalnum():
        pattern += r"(?!\w)"
    return [m.span() for m in re.finditer(pattern, text)]


def _choose(
    article: Article, quote: str, found: list[tuple[int, int]], address: Any, after: int, *, nearest: bool
) -> tuple[int, int]:
    if not found:
        raise QuoteError(f"{quote!r} is not in the text{_near(article, quote)}")
    if address is not None:
        sentence, occurrence = _address(article, address)
        here = [f for f in found if sentence.start <= f[0] < sentence.end]
        if occurrence:
            if occurrence > len(here):
                raise QuoteError(f"{quote!r} stands {len(here)} times in sentence {address}", _show(article, found))
            return here[occurrence - 1]
    else:
        here = [f for f in found if f[0] >= after]
        if nearest and here:
            number = sentence_number(article, here[0][0])
            here = [f for f in here if sentence_number(article, f[0]) == number]
    if len(here) == 1:
        return here[0]
    if here:
        raise QuoteError(f"{quote!r} stands {len(here)} times: say which with `at`", _show(article, here))
    where = f"in sentence {address}" if address is not None else "after the span before it"
    raise QuoteError(f"{quote!r} does not stand {where}", _show(article, found))


def _address(article: Article, address: Any) -> tuple[Any, int]:
    match = ADDRESS.match(str(address))
    if not match or not 1 <= int(match[1]) <= len(article.sentences):
        raise QuoteError(
            f"`at` {address!r}: expected a sentence from 1 to {len(article.sentences)}, such as 12 or '12#2'"
        )
    return article.sentences[int(match[1]) - 1], int(match[2] or 0)


def sentence_number(article: Article, offset: int) -> int:
    """The number, from 1, of the sentence that holds an offset, or that follows it."""
    for number, sentence in enumerate(article.sentences, 1):
        if offset < sentence.end:
            return number
    return len(article.sentences)


def _show(article: Article, found: list[tuple[int, int]]) -> tuple[str, ...]:
    """Each occurrence as its address and its surroundings."""
    lines = []
    counts: dict[int, int] = {}
    for start, end in found[:12]:
        number = sentence_number(article, start)
        counts[number] = counts.get(number, 0) + 1
        left, right = article.text[max(0, start - 30) : start], article.text[end : end + 30]
        context = f"{left}[{article.text[start:end]}]{right}".replace("\n", " ")
        lines.append(f"{number}#{counts[number]}: …{context}…")
    return tuple(lines)


def _near(article: Article, quote: str) -> str:
    """A hint for the commonest slips: other case, other quotation marks, other spacing."""
    folded = re.sub(r"\s+", " ", quote.casefold().translate(str.maketrans("“”‘’", "\"\"''"))).strip()
    text = re.sub(r"\s", " ", article.text.translate(str.maketrans("“”‘’", "\"\"''")))
    if len(text.casefold()) == len(text) and (at := text.casefold().find(folded)) >= 0:
        return f"; it has {article.text[at : at + len(folded)]!r}"
    return "; quotes are verbatim, with ` … ` for a left-out middle"


def anchor_line(article: Article, line: dict[str, Any]) -> Attribution:
    """Resolve one draft line. QuoteError says which role failed and why."""
    known = {"id", "at", *ROLES, "kind", "named", "stance", "via", "refers", "note", "entities", "positions"}
    if unknown := set(line) - known:
        raise QuoteError(f"unknown key {sorted(unknown)[0]!r}; a draft line has {', '.join(sorted(known))}")
    at = line.get("at")
    roles: dict[str, dict[str, Any]] = {}
    for role in ROLES:
        quote = line.get(role) or ""
        if not isinstance(quote, str):
            raise QuoteError(f"{role}: expected a quote, got {quote!r}")
        try:
            roles[role] = {"spans": _role_spans(article, role, quote, at)}
        except QuoteError as error:
            raise QuoteError(f"{role}: {error}") from None
    kind = line.get("kind") or ("unspecified" if not roles["source"]["spans"] else "person")
    if kind not in KINDS:
        raise QuoteError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    roles["source"] |= {"kind": kind, "named": bool(line.get("named", False)), "entities": line.get("entities", ())}
    rest: dict[str, Any] = {key: line[key] for key in ("id", "stance", "via", "refers", "positions") if key in line}
    return parse(Attribution, roles | rest, "draft")


def _role_spans(article: Article, role: str, quote: str, at: Any) -> tuple[Span, ...]:
    if isinstance(at, dict):
        return find_spans(article, quote, at.get(role))
    if at is None:
        return find_spans(article, quote)
    try:  # `at` for the whole line: a role that stands once elsewhere (a source one sentence up) is found all the same
        return find_spans(article, quote, at)
    except QuoteError as first:
        try:
            return find_spans(article, quote)
        except QuoteError:
            raise first from None


def anchor(article: Article, draft: str, name: str = "draft.jsonl") -> Anchored:
    """Resolve a draft, JSON Lines text. Lines that fail are reported with their number; the rest is kept."""
    done: list[Attribution] = []
    problems: list[tuple[int, str]] = []
    seen: set[str] = set()
    for number, line in parse_objects(draft, name):
        try:
            attribution = anchor_line(article, line)
        except AllegedlyError as error:
            problems.append((number, f"{line.get('id', '?')}: {error}"))
            continue
        if attribution.id in seen:
            problems.append((number, f"{attribution.id}: the id stands twice"))
            continue
        seen.add(attribution.id)
        done.append(attribution)
    for attribution in done:
        for link in ("via", "refers"):
            target = getattr(attribution, link)
            if target is not None and target not in seen:
                problems.append((0, f"{attribution.id}: {link} {target!r} is not an id of this draft"))
    return Anchored(tuple(done), tuple(problems))


def numbered(article: Article) -> Iterable[str]:
    """The text as an annotator reads it: one numbered sentence a line, a blank line between paragraphs."""
    last = 0
    for number, (start, end) in enumerate(article.sentences, 1):
        if "\n\n" in article.text[last:start]:
            yield ""
        yield f"[{number}] {article.text[start:end]}"
        last = end
