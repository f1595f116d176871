"""The inverse of `anchor`: spans as quotes that a person can read and edit, with an address where one is needed."""

from __future__ import annotations

from typing import Any

from allegedly.schema import Article, Attribution, Span, Spans
from allegedly.text.anchor import QuoteError, find_spans, sentence_number

LONGEST = 14  # words of a quote that is written out in full
KEPT = 5  # words on each side of ` … `


def quote(article: Article, spans: Spans) -> tuple[str, Any]:
    """A role's quote and its `at`: a sentence number, "12#2", a list of those for several spans, or None for no words.

    QuoteError where the spans cannot be quoted, as they cut a word in two.
    """
    pieces = [_piece(article, span) for span in spans]
    if not pieces:
        return "", None
    addresses = [address for _, address in pieces]
    return " || ".join(text for text, _ in pieces), addresses[0] if len(addresses) == 1 else addresses


def _piece(article: Article, span: Span) -> tuple[str, Any]:
    surface = article.text[span.start : span.end]
    number = sentence_number(article, span.start)
    words = surface.split(" ")
    short = " ".join([*words[:KEPT], "…", *words[-KEPT:]])
    here = article.text[article.sentences[number - 1].start : span.end].count(surface)
    for text in (short, surface) if len(words) > LONGEST else (surface,):
        for address in (number, *(f"{number}#{k}" for k in range(1, here + 2))):
            try:
                found = find_spans(article, text, address)
            except QuoteError:
                continue
            if [(s.start, s.end) for s in found] == [(span.start, span.end)]:
                return text, address
    raise QuoteError(f"{surface!r} at {span.start} cannot be quoted: it cuts a word in two, or holds a mark of quoting")


def draft_line(article: Article, attribution: Attribution) -> dict[str, Any]:
    """One attribution as a draft line (annotations/guidelines.md, section 2); `anchor_line` gives it back."""
    quotes = {role: quote(article, spans) for role, spans in attribution.roles.items()}
    places = {role: address for role, (_, address) in quotes.items() if address is not None}
    one = len({str(p) for p in places.values()}) == 1 and not isinstance(places["claim"], list)
    line: dict[str, Any] = {"id": attribution.id, "at": places["claim"] if one else places}
    line |= {role: text for role, (text, _) in quotes.items()}
    line |= {"stance": attribution.stance, "kind": attribution.source.kind, "named": attribution.source.named}
    return line | {"via": attribution.via, "refers": attribution.refers}
