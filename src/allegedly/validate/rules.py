"""What `validate` can find: every code with its name, its level and its explanation, told once."""

from __future__ import annotations

from typing import Literal, NamedTuple

from allegedly.store import UnknownIdError


class Rule(NamedTuple):
    """A kind of finding. Errors make `allegedly validate` fail, warnings do so under --strict."""

    name: str
    level: Literal["error", "warning"]
    explanation: str


RULES: dict[str, Rule] = {
    "A001": Rule(
        "unreadable-bytes", "error", "The file is not UTF-8 text (or cannot be read). Convert it; nothing is guessed."
    ),
    "A002": Rule(
        "unclean-text",
        "error",
        "A text holds a carriage return, a byte-order mark, a control or zero-width character, or white space at a "
        "line's end. Offsets would shift between tools: clean the text before it is annotated.",
    ),
    "A003": Rule("missing-text", "error", "An article of articles.jsonl has no file in corpus/texts."),
    "A004": Rule(
        "changed-text",
        "error",
        "The text's SHA-256 is not the one in the record: the text was edited after it was registered. Restore it, or "
        "register the new text and anchor its drafts again.",
    ),
    "A005": Rule("empty-text", "error", "A text has no body, or its first line (the title) is empty."),
    "A006": Rule("invalid-record", "error", "A line is no JSON object, or not the record that belongs there."),
    "A007": Rule("repeated-article", "error", "An article or story id stands twice."),
    "A008": Rule(
        "noncanonical-bytes",
        "error",
        "A JSON Lines file is not in canonical form (sorted keys, no spaces, UTF-8 unescaped, LF, one record a line). "
        "`allegedly validate --fix` rewrites it.",
    ),
    "A009": Rule("missing-canary", "error", "A shipped record lacks the corpus's canary string."),
    "A010": Rule("stray-file", "error", "A text or layer belongs to no article of the corpus."),
    "A011": Rule("span-outside-text", "error", "A span ends after the text. Offsets count code points, from 0."),
    "A012": Rule(
        "span-text-mismatch",
        "error",
        "The surface beside a span is not what the text has there. The message shows where the surface stands.",
    ),
    "A013": Rule("span-edge", "error", "A span begins or ends with white space."),
    "A014": Rule("span-order", "error", "The spans of a role overlap or are not in text order."),
    "A015": Rule("repeated-attribution-id", "error", "Two attributions of an article have the same id."),
    "A016": Rule("unknown-attribution", "error", "`via` or `refers` names an id that the article does not have."),
    "A017": Rule("cycle", "error", "Following `via` (or `refers`) from an attribution leads back to it."),
    "A018": Rule(
        "narrator-with-words",
        "error",
        "The narrator is the article's own voice: no source words, no cue, stance assert, and at least one position.",
    ),
    "A019": Rule("claim-overlaps", "error", "A claim overlaps its own cue or source. Cut the claim into two spans."),
    "A020": Rule("repeated-attribution", "error", "Two attributions have the same source, cue and claim spans."),
    "A021": Rule(
        "span-over-sentences",
        "warning",
        "A span runs over a sentence boundary, and no quotation marks hold it together there.",
    ),
    "A022": Rule("unknown-proposition", "error", "A position names a proposition that the story does not have."),
    "A023": Rule("unknown-entity", "error", "A source names an entity that the story does not have."),
    "A024": Rule("unknown-story", "error", "An article's story is not in stories.jsonl."),
    "A025": Rule("story-cut", "error", "Articles of one story stand in different splits."),
    "A026": Rule(
        "near-duplicate",
        "error",
        "Two articles of different splits share a fifth or more of their runs of eight words.",
    ),
    "A027": Rule(
        "source-kind",
        "error",
        "A source without words is `unspecified`, not named, and has no entities (the narrator apart).",
    ),
    "A028": Rule("position-twice", "error", "An attribution takes two positions on one proposition."),
    "A029": Rule(
        "via-outside",
        "warning",
        "The claim of an attribution does not lie inside the claim of the one that relays it.",
    ),
    "A030": Rule(
        "foreign-surface",
        "error",
        "A layer of a text that is not ours holds words of it. `allegedly anchor --bare` writes spans alone.",
    ),
    "A031": Rule(
        "excludes", "error", "`excludes` names an unknown proposition or itself, or holds in one direction only."
    ),
    "A032": Rule("missing-surface", "error", "A span of a shipped text has no surface beside it."),
    "A033": Rule("missing-gold", "warning", "An article has no gold layer."),
    "A034": Rule(
        "shared-sentence",
        "error",
        "A sentence of ten words or more stands in two splits. One that three stories share is a formula, and passes.",
    ),
    "A035": Rule("repeated-title", "error", "Two articles have the same title."),
}


def rule(code: str) -> Rule:
    """A rule by code. UnknownIdError lists the codes."""
    if code.upper() not in RULES:
        raise UnknownIdError("finding", code, RULES)
    return RULES[code.upper()]
