"""The dataset's configs: one declaration each, from which schema, card, documentation and Croissant description are made.

Every row has the id of its item, of its article and story, the article's text (offsets count its code points), and the canary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from allegedly.dataset import rows
from allegedly.dataset.features import BOOL, INT, SPANS, STRING, Label, List, Struct, Type
from allegedly.dataset.rows import ROLES, Row
from allegedly.schema import CANARY, RELATIONS, STANCES, Article, Kind
from allegedly.store import UnknownIdError
from allegedly.tasks import detection

STANCE, KIND = Label(STANCES), Label(get_args(Kind))
TAGS = Label(("O", "B", "I"))


@dataclass(frozen=True)
class Config:
    """One table: what its rows are, its own columns with what they hold, and how rows are made of an article."""

    name: str
    about: str
    own: Mapping[str, tuple[Type, str]]
    make: Callable[[Article], Iterator[Row]]

    @property
    def columns(self) -> dict[str, Type]:
        """Every column's type, in order."""
        return {name: kind for name, (kind, _) in (COMMON | dict(self.own) | LAST).items()}

    @property
    def explained(self) -> dict[str, str]:
        """What every column holds."""
        return {name: words for name, (_, words) in (COMMON | dict(self.own) | LAST).items()}

    def of(self, articles: Sequence[Article]) -> Iterator[Row]:
        """The rows of some articles, whole."""
        for article in articles:
            common = {"article": article.id, "story": article.story, "text": article.text, "canary": CANARY}
            for row in self.make(article):
                whole = common | row
                yield {name: whole[name] for name in self.columns}


COMMON: dict[str, tuple[Type, str]] = {
    "id": (STRING, "the item"),
    "article": (STRING, "the article"),
    "story": (STRING, "the event that the article is about; splits never cut one"),
    "text": (STRING, "the article's text, headline first; offsets count its code points, end-exclusive"),
}
LAST: dict[str, tuple[Type, str]] = {
    "canary": (STRING, "find it in a model's training data, and the model has seen the corpus")
}
ATTRIBUTION = Struct(
    {
        "id": STRING,
        "source": SPANS,
        "kind": KIND,
        "named": BOOL,
        "entities": List(STRING),
        "cue": SPANS,
        "claim": SPANS,
        "stance": STANCE,
        "via": STRING,
        "refers": STRING,
        "positions": List(Struct({"proposition": STRING, "polarity": STRING})),
    }
)


_OFFSETS = {"text": List(STRING), "offsets": List(List(INT))}
_NORMALIZED = List(Struct({"db_name": STRING, "db_id": STRING}))
CONFIGS: dict[str, Config] = {
    c.name: c
    for c in (
        Config(
            "articles",
            "one row an article with everything: metadata and its attributions, the narrator's too",
            {
                "title": (STRING, "the headline"),
                "publisher": (STRING, "the outlet, an invented one"),
                "published": (STRING, "YYYY-MM-DD"),
                "form": (STRING, "breaking wire, analysis, fact-check, …"),
                "domain": (STRING, "what it is about"),
                "variety": (STRING, "en-GB or en-US"),
                "license": (STRING, "SPDX id"),
                "attributions": (
                    List(ATTRIBUTION),
                    "who says what; an empty source or cue has no spans; `via` and `refers` name others of the row",
                ),
            },
            rows.articles,
        ),
        Config(
            "detection",
            "one row a sentence: does it carry an attributed claim, one of the narrator, or none?",
            {
                "start": (INT, "where the sentence begins"),
                "end": (INT, "where it ends"),
                "sentence": (STRING, "its words"),
                "label": (Label(detection.LABELS), "the answer"),
            },
            rows.detection,
        ),
        Config(
            "extraction_bio",
            "one row an article, by token: BIO tags of sources, cues and claims; of claims inside claims only the outer one has tags",
            {
                "tokens": (List(STRING), "the tokens"),
                "starts": (List(INT), "where each begins"),
                "ends": (List(INT), "where each ends"),
                **{f"{role}_tags": (List(TAGS), f"O, B or I of {role}s") for role in ROLES},
            },
            rows.bio,
        ),
        Config(
            "linking",
            "one row a claim whose source has words: which of the article's source mentions is it?",
            {
                "claim": (SPANS, "the claim's spans"),
                "mentions": (
                    List(Struct({"id": STRING, "spans": SPANS})),
                    "every source mention of the article, in text order",
                ),
                "answer": (STRING, "the id of the right mention"),
            },
            rows.linking,
        ),
        Config(
            "stance",
            "one row an attribution: does the source assert the claim, deny it, or neither?",
            {
                "source": (SPANS, "the source's spans"),
                "cue": (SPANS, "the words that attribute"),
                "claim": (SPANS, "the claim's spans"),
                "label": (STANCE, "the answer"),
            },
            rows.stance,
        ),
        Config(
            "disputes",
            "one row a pair of attributions of one story: do their sources take the same position, opposed or unrelated ones?",
            {
                "left": (STRING, "one attribution, `article/attribution`"),
                "right": (STRING, "the other; the row's text is its article's"),
                "label": (Label(RELATIONS), "the answer"),
            },
            rows.disputes,
        ),
        Config(
            "bigbio_kb",
            "one row an article in BigBIO's kb schema: an attribution is an event whose type is the stance and whose trigger is the cue",
            {
                "document_id": (STRING, "the article"),
                "passages": (List(Struct({"id": STRING, "type": STRING, **_OFFSETS})), "the whole text"),
                "entities": (
                    List(Struct({"id": STRING, "type": STRING, **_OFFSETS, "normalized": _NORMALIZED})),
                    "mentions: source, cue, claim",
                ),
                "events": (
                    List(
                        Struct(
                            {
                                "id": STRING,
                                "type": STRING,
                                "trigger": Struct(_OFFSETS),
                                "arguments": List(Struct({"role": STRING, "ref_id": STRING})),
                            }
                        )
                    ),
                    "attributions",
                ),
                "coreferences": (List(Struct({"id": STRING, "entity_ids": List(STRING)})), "none"),
                "relations": (
                    List(
                        Struct(
                            {
                                "id": STRING,
                                "type": STRING,
                                "arg1_id": STRING,
                                "arg2_id": STRING,
                                "normalized": _NORMALIZED,
                            }
                        )
                    ),
                    "`via` and `refers`, between events",
                ),
            },
            rows.bigbio,
        ),
    )
}


def get_config(name: str) -> Config:
    """A config by name. UnknownIdError lists them."""
    if name not in CONFIGS:
        raise UnknownIdError("config", name, CONFIGS)
    return CONFIGS[name]
