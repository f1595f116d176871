"""The records: articles, attributions, stories, findings. This is their only definition.

JSON Schema (`allegedly schema`), dataset features and documentation tables are generated from these models.
It does no reading, writing or checking across records: see `store` and `validate`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Stance = Literal["assert", "deny", "none"]
Kind = Literal["person", "organization", "government", "media", "document", "group", "unspecified", "narrator"]
Polarity = Literal["+", "-"]
Relation = Literal["same", "opposed", "unrelated"]
Split = Literal["train", "validation", "test", "external"]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$", max_length=160)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

STANCES: tuple[str, ...] = get_args(Stance)
KINDS: tuple[str, ...] = get_args(Kind)
RELATIONS: tuple[str, ...] = get_args(Relation)
SPLITS: tuple[str, ...] = get_args(Split)

#: What a full annotation holds.
ANNOTATED = ("source", "cue", "claim", "stance", "via", "refers", "kind", "named", "entities", "positions", "narrator")

#: Stands in every shipped record, so that a text found in a model's training data can be recognised.
CANARY = "allegedly-corpus canary 5f1d6c1e-8f0b-4a7e-9d53-0c2b7a94e6d1"


class AllegedlyError(Exception):
    """Base of every error that allegedly raises on purpose. Its message says what to do."""


class Record(BaseModel):
    """A frozen record that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def unchecked(cls, **values: Any) -> Self:
        """A record of values that are right, every field given: `model_construct` without its look at each field, for who makes many."""
        made = cls.__new__(cls)
        for name, value in zip(_STATE, (values, set(values), None, None), strict=True):
            object.__setattr__(made, name, value)
        return made

    def but(self, **changes: Any) -> Self:
        """The same with other values that are right: `model_copy`, as fast as `unchecked`."""
        return self.unchecked(**(self.__dict__ | changes))


#: What a pydantic model holds: its values, which were given, what is beyond its fields, what is private.
_STATE = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")


class Span(Record):
    """A stretch of an article's text. Offsets count Unicode code points, 0-based, end-exclusive."""

    start: int = Field(ge=0, strict=True, description="first code point")
    end: int = Field(ge=1, strict=True, description="code point after the last one")
    text: str | None = Field(None, description="the surface; absent only in layers of texts that are not ours")

    @model_validator(mode="after")
    def _order(self) -> Span:
        if self.end <= self.start:
            raise ValueError(f"a span must end after it starts, got start={self.start} end={self.end}")
        return self


Spans = tuple[Span, ...]


class Source(Record):
    """Who: the mention of the responsible agent. No words for it: no spans, kind `unspecified`."""

    spans: Spans = Field(description="the full noun phrase of the mention; empty where there is none")
    entities: tuple[Id, ...] = Field((), description="ids from the story's inventory; several for a coordination")
    kind: Kind = Field(description="what kind of source speaks")
    named: bool = Field(description="whether the mention's referent is named in the article")


class Cue(Record):
    """How: the words that attribute, with the auxiliaries and negation that belong to them."""

    spans: Spans = Field(description="empty where only a colon or quotation marks attribute")


class Claim(Record):
    """The content that the source puts forward or rejects, without complementizer and outer quotation marks."""

    spans: Spans = Field(min_length=1, description="one span, or several for a discontinuous claim")


class Position(Record):
    """A claim states a proposition of its story (`+`) or its contrary (`-`)."""

    proposition: Id = Field(description="id of a proposition of the story")
    polarity: Polarity = Field(description="+ the claim states it, - the claim states its contrary")


class Attribution(Record):
    """One record: a source, through a cue, takes a stance to a claim."""

    id: Id = Field(description="unique in its article")
    source: Source
    cue: Cue
    claim: Claim
    stance: Stance = Field(description="what the source does to the claim as its span states it")
    via: Id | None = Field(None, description="the attribution that relays this one")
    refers: Id | None = Field(None, description="the attribution whose claim this one takes up")
    positions: tuple[Position, ...] = Field((), description="the propositions that the claim states or contradicts")

    @property
    def is_narrator(self) -> bool:
        """Whether the article's own voice makes the claim."""
        return self.source.kind == "narrator"

    @property
    def roles(self) -> dict[str, Spans]:
        """The spans of each role, by the role's name."""
        return {"source": self.source.spans, "cue": self.cue.spans, "claim": self.claim.spans}

    def plain(self) -> dict[str, Any]:
        """The record as JSON-ready data; span surfaces only where they are known."""
        data: dict[str, Any] = self.model_dump(mode="json")
        for role in ("source", "cue", "claim"):
            for span in data[role]["spans"]:
                if span["text"] is None:
                    del span["text"]
        return data

    def map_spans(self, change: Any) -> Attribution:
        """The same record with `change(span)` in place of each span."""
        roles = {
            role: getattr(self, role).model_copy(update={"spans": tuple(map(change, spans))})
            for role, spans in self.roles.items()
        }
        return self.model_copy(update=roles)


class ArticleRecord(Record):
    """One line of `corpus/articles.jsonl`: an article's metadata. The text is a file of its own."""

    id: Id
    publisher: str = Field(min_length=1, description="the outlet")
    published: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] = Field(description="YYYY-MM-DD")
    story: Id = Field(description="the event it is about; splits never cut a story")
    form: str = Field(min_length=1, description="wire, explainer, follow-up, analysis, court report, ...")
    domain: str = Field(min_length=1, description="war, health, courts, ...")
    variety: str = Field(min_length=1, description="en-GB, en-US, ...")
    license: str = Field(min_length=1, description="SPDX id, or the words of who holds the rights")
    split: Split
    sha256: Sha256 = Field(description="of the text's UTF-8 bytes")
    canary: str


class ExternalRecord(ArticleRecord):
    """One line of `corpus/external.jsonl`: an article whose text is not ours to ship."""

    length: int = Field(gt=0, description="code points of the text")
    where: str = Field(min_length=1, description="where a reader gets the text")


class Entity(Record):
    """Someone or something that speaks in a story."""

    id: Id
    name: str = Field(min_length=1)
    kind: Kind


class Proposition(Record):
    """A contested statement of a story, in canonical positive wording."""

    id: Id
    text: str = Field(min_length=1)
    excludes: tuple[Id, ...] = Field((), description="propositions that cannot be true beside it")


class Story(Record):
    """One event, with the inventory that its articles share."""

    id: Id
    title: str = Field(min_length=1)
    entities: tuple[Entity, ...] = ()
    propositions: tuple[Proposition, ...] = ()
    canary: str


class Pair(Record):
    """One line of `corpus/pairs.jsonl`: two attributions of one story, and how their positions stand to each other."""

    id: Id
    story: Id
    left: Reference = Field(description="article/attribution; in the same article as the right one, or another")
    right: Reference
    relation: Relation
    canary: str


class CorpusRecord(Record):
    """`corpus/corpus.json`: which corpus a folder holds."""

    name: Id
    version: str = Field(min_length=1)
    license: str
    canary: str
    annotated: tuple[str, ...] = Field(ANNOTATED, description="what the annotations hold; the rest are placeholders")


class Sentence(NamedTuple):
    """Offsets of a sentence in its article, end-exclusive, without surrounding white space."""

    start: int
    end: int


class Token(NamedTuple):
    """Offsets of a token in its article, end-exclusive."""

    start: int
    end: int


@dataclass(frozen=True)
class Article:
    """One text with its metadata and, where it is annotated, its attributions.

    `pairs` are the pairs of `disputes` whose right-hand attribution stands in this article. `mentions` is given to a system that
    links: the source mentions of the article, where its attributions hide theirs.
    """

    record: ArticleRecord
    text: str
    attributions: tuple[Attribution, ...] = field(default=(), repr=False)
    pairs: tuple[Pair, ...] = field(default=(), repr=False)
    mentions: tuple[Spans, ...] = field(default=(), repr=False)

    @property
    def id(self) -> str:
        """The article's id."""
        return self.record.id

    @property
    def story(self) -> str:
        """The id of the article's story."""
        return self.record.story

    @property
    def title(self) -> str:
        """The first line of the text."""
        return self.text.split("\n", 1)[0]

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of the text, in order."""
        from allegedly.text.sentences import sentences

        return sentences(self.text)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of the text, in order."""
        from allegedly.text.tokens import tokens

        return tokens(self.text)

    @property
    def attributed(self) -> tuple[Attribution, ...]:
        """The attributions other than the narrator's."""
        return tuple(a for a in self.attributions if not a.is_narrator)

    def slice(self, spans: Spans) -> str:
        """The surface of some spans, joined by ` || ` as in quote drafts."""
        return " || ".join(self.text[s.start : s.end] for s in spans)

    def with_attributions(self, attributions: tuple[Attribution, ...]) -> Article:
        """The same article under another layer."""
        return replace(self, attributions=attributions)


class Finding(NamedTuple):
    """Something that `validate` found. `code` is explained by `allegedly validate --explain CODE`."""

    code: str
    message: str
    path: str
    line: int | None = None
    article: str | None = None
    attribution: str | None = None

    def __str__(self) -> str:
        """One line: code, place, what."""
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        who = "/".join(x for x in (self.article, self.attribution) if x)
        return " ".join(x for x in (self.code, place, who and f"{who}:", self.message) if x)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of every record, by name."""
    models = (ArticleRecord, ExternalRecord, Attribution, Story, Pair, CorpusRecord)
    return {m.__name__: m.model_json_schema() for m in models}
