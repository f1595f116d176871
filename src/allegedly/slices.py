"""Slices: by what an attribution is like. A slice is `name:value`, such as `quotation:direct` or `denial:negation`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from allegedly.schema import Article, Attribution
from allegedly.systems import lexicon
from allegedly.systems.rules import words_in

OPEN = "“\"‘'«"
QUOTE = re.compile(r"[“”\"«»]|(?<!\w)['‘](?=\w)|(?<=[\w.,!?])['’](?!\w)")


def quotation(article: Article, attribution: Attribution) -> str:
    """`direct`: every span of the claim stands in quotation marks; `mixed`: some of its words do; else `indirect`."""
    text = article.text
    spans = attribution.claim.spans
    inside = [text[s.start - 1 : s.start] in OPEN and s.start > 0 for s in spans]
    if all(inside):
        return "direct"
    quoted = any(QUOTE.search(text[s.start : s.end]) for s in spans)
    return "mixed" if quoted or any(inside) else "indirect"


def cue_words(article: Article, attribution: Attribution) -> list[str]:
    """The cue's words in lower case."""
    return [w.lower() for w in words_in(article, attribution.cue.spans)]


def cue_lemma(article: Article, attribution: Attribution) -> str:
    """The word that attributes: the verb's lemma, else the noun, else the whole cue; empty where there is no cue."""
    found = cue_words(article, attribution)
    verbs = [w for w in found if w in lexicon.VERB_CLASS and w not in lexicon.AUXILIARIES]
    if verbs:
        return lexicon.LEMMA[verbs[0]]
    nouns = [w for w in found if w in lexicon.NOUN_CLASS]
    return nouns[0] if nouns else " ".join(found)


def cue_class(article: Article, attribution: Attribution) -> str:
    """The lexicon's class of the cue: say, deny, believe, admit, accuse, ask, plan, refuse, noun, other, or none without a cue."""
    found = cue_words(article, attribution)
    if not found:
        return "none"
    for word in found:
        if word in lexicon.VERB_CLASS and word not in lexicon.AUXILIARIES:
            return lexicon.VERB_CLASS[word]
    return "noun" if any(w in lexicon.NOUN_CLASS for w in found) else "other"


def denial(article: Article, attribution: Attribution) -> str | None:
    """How it is denied, None where nothing is: by a denying `verb`, a `negation`, a `noun or adjective`, a `characterization` of what is
    said, or by asserting a listed proposition's `contrary`.
    """
    if attribution.stance != "deny":
        negative = any(p.polarity == "-" for p in attribution.positions)
        return "contrary" if attribution.stance == "assert" and negative else None
    found = cue_words(article, attribution)
    denying = [w for w in found if lexicon.VERB_CLASS.get(w) == "deny"]
    if len(attribution.cue.spans) > 1 and ("as" in found or any(w in lexicon.FALSITY for w in found)):
        return "characterization"
    if any(w in lexicon.NEGATION or w.endswith(("n't", "n’t")) for w in found):
        return "negation"
    if denying:
        return "verb"
    return "noun or adjective"


def slices(article: Article, attribution: Attribution) -> Iterator[str]:
    """Every slice that an attribution belongs to."""
    source = attribution.source
    mention = article.slice(source.spans).lower()
    yield f"quotation:{quotation(article, attribution)}"
    yield f"source:{source.kind}"
    yield f"cue:{cue_class(article, attribution)}"
    marks = {
        "unnamed": bool(source.spans) and not source.named,
        "pronoun": mention in lexicon.PRONOUNS,
        "sourceless": not source.spans,
        "nested": attribution.via is not None,
        "discontinuous": len(attribution.claim.spans) > 1,
        "refers": attribution.refers is not None,
    }
    yield from (f"mark:{name}" for name, there in marks.items() if there)
    if kind := denial(article, attribution):
        yield f"denial:{kind}"
    record = article.record
    yield from (f"domain:{record.domain}", f"form:{record.form}", f"story:{record.story}")
