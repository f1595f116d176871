"""What the lexicon says of an attribution that was found: its stance, and what kind of source speaks."""

from __future__ import annotations

from collections.abc import Sequence

from allegedly.schema import Kind, Stance
from allegedly.systems import lexicon

_SILENT = frozenset("confirm verify comment say state specify disclose reveal elaborate discuss detail tell".split())


def stance(cue: Sequence[str], before: Sequence[str] = ()) -> Stance:
    """The stance that a cue's lower-case words take; `before` holds the few words ahead of it, for a negation there."""
    words = [w for w in cue if w.isalpha() or w.endswith(("n't", "’t"))]
    negated = any(w in lexicon.NEGATION for w in [*words, *before])
    classes = {lexicon.VERB_CLASS.get(w, "") for w in words} | {lexicon.NOUN_CLASS.get(w, "") for w in words}
    lemmas = {lexicon.LEMMA.get(w, w) for w in words}
    if "refuse" in classes or ("deny" in lemmas and "confirm" in lemmas):
        return "none"
    if words and words[0] == "no" and not lemmas & _SILENT - {"say"}:
        return "deny"
    if lemmas & {"evidence", "proof", "sign", "basis"} and negated:
        return "deny"
    if any(w in lexicon.FALSITY for w in words):
        return "none" if negated else "deny"
    if "deny" in classes or "deny_noun" in classes:
        return "none" if negated else "deny"
    if "ask" in classes or "ask_noun" in classes or ("plan" in classes and "say" not in classes):
        return "none"
    if negated and lemmas & _SILENT:
        return "none"
    if negated and classes & {"believe", "admit"}:
        return "none" if lemmas & {"know", "aware"} else "deny"
    return "none" if negated and classes & {"say"} else "assert"


def kind(source: Sequence[str]) -> Kind:
    """A guess at the kind of a source from its words; `unspecified` without any."""
    if not source:
        return "unspecified"
    for word in reversed([w.lower() for w in source]):
        for name, known in lexicon.KIND_WORDS.items():
            if word in known:
                return name  # type: ignore[return-value]
    return "person"


def named(source: Sequence[str]) -> bool:
    """Whether a source seems to be named: a capital beyond its first word, or a single capitalised word."""
    words = [w for w in source if w[:1].isalpha()]
    return any(w[0].isupper() for w in words[1:]) or (
        len(words) == 1 and words[0][0].isupper() and words[0].lower() not in lexicon.PRONOUNS | lexicon.DETERMINERS
    )
