"""The dataset's configs: one declaration each, from which schema, card, documentation and Croissant description are made.

Every row has the id of its item, of its article and story, the article's text (offsets count its code points), and the canary.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from allegedly.dataset.features import BOOL, INT, SPANS, STRING, Label, List, Struct, Type
from allegedly.schema import CANARY, RELATIONS, STANCES, Article, Attribution, Kind, Spans
from allegedly.store import UnknownIdError
from allegedly.tasks import detection, disputes, linking, stance

Row = dict[str, Any]
STANCE, KIND = Label(STANCES), Label(get_args(Kind))
TAGS = Label(("O", "B", "I"))
ROLES = ("source", "cue", "claim")


@dataclass(frozen=True)
class Config:
    """One table: what its rows are, its own columns with what they hold, and how rows are made of an article."""

    name: str
    about: str
    own: Mapping[str, tuple[Type, str]]
    rows: Callable[[Article], Iterator[Row]]

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
            for row in self.rows(article):
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


def spans(article: Article, some: Spans) -> list[Row]:
    """Spans with their words."""
    return [{"start": s.start, "end": s.end, "text": article.text[s.start : s.end]} for s in some]


def _record(article: Article, a: Attribution) -> Row:
    return {
        "id": a.id,
        **{role: spans(article, a.roles[role]) for role in ROLES},
        "kind": a.source.kind,
        "named": a.source.named,
        "entities": list(a.source.entities),
        "stance": a.stance,
        "via": a.via,
        "refers": a.refers,
        "positions": [{"proposition": p.proposition, "polarity": p.polarity} for p in a.positions],
    }


def _articles(article: Article) -> Iterator[Row]:
    record = article.record
    about = {name: getattr(record, name) for name in ("publisher", "published", "form", "domain", "variety", "license")}
    yield {
        "id": article.id,
        "title": article.title,
        **about,
        "attributions": [_record(article, a) for a in article.attributions],
    }


def _detection(article: Article) -> Iterator[Row]:
    for item, (start, end) in zip(detection.items(article), article.sentences, strict=True):
        yield {"id": item.id, "start": start, "end": end, "sentence": article.text[start:end], "label": item.answer}


def _linking(article: Article) -> Iterator[Row]:
    known = [{"id": linking.name(n), "spans": spans(article, m)} for n, m in enumerate(linking.mentions(article))]
    for item in linking.items(article):
        assert item.attribution is not None
        claim = spans(article, item.attribution.claim.spans)
        yield {"id": item.id, "claim": claim, "mentions": known, "answer": item.answer}


def _stance(article: Article) -> Iterator[Row]:
    for item in stance.items(article):
        assert item.attribution is not None
        roles = {role: spans(article, some) for role, some in item.attribution.roles.items()}
        yield {"id": item.id, **roles, "label": item.answer}


def _disputes(article: Article) -> Iterator[Row]:
    for item in disputes.items(article):
        if item.pair:
            yield {"id": item.id, "left": item.pair.left, "right": item.pair.right, "label": item.answer}


def _bio(article: Article) -> Iterator[Row]:
    starts, ends = [t.start for t in article.tokens], [t.end for t in article.tokens]
    row: Row = {
        "id": article.id,
        "tokens": [article.text[t.start : t.end] for t in article.tokens],
        "starts": starts,
        "ends": ends,
    }
    for role in ROLES:
        tags = ["O"] * len(starts)
        every = sorted(
            {(s.start, s.end) for a in article.attributed for s in a.roles[role]}, key=lambda s: (s[0], -s[1])
        )
        for start, end in every:
            low, high = bisect_right(ends, start), bisect_left(starts, end)
            if low < high and all(t == "O" for t in tags[low:high]):
                tags[low:high] = ["B", *["I"] * (high - low - 1)]
        row[f"{role}_tags"] = tags
    yield row


def _bigbio(article: Article) -> Iterator[Row]:
    entities: dict[tuple[str, Spans], Row] = {}
    for attribution in article.attributed:
        for role, some in attribution.roles.items():
            if some and (role, some) not in entities:
                entities[role, some] = {
                    "id": f"{article.id}.{role}{len(entities) + 1}",
                    "type": role,
                    **_passage(article, some),
                    "normalized": [],
                }
    events: list[Row] = []
    relations: list[Row] = []
    for attribution in article.attributed:
        arguments = [
            {"role": role, "ref_id": entities[role, some]["id"]}
            for role, some in attribution.roles.items()
            if some and role != "cue"
        ]
        name = f"{article.id}.{attribution.id}"
        events.append(
            {
                "id": name,
                "type": attribution.stance,
                "trigger": _passage(article, attribution.cue.spans),
                "arguments": arguments,
            }
        )
        for link in ("via", "refers"):
            if target := getattr(attribution, link):
                relations.append(
                    {
                        "id": f"{name}.{link}",
                        "type": link,
                        "arg1_id": name,
                        "arg2_id": f"{article.id}.{target}",
                        "normalized": [],
                    }
                )
    whole = {"id": f"{article.id}.text", "type": "article", "text": [article.text], "offsets": [[0, len(article.text)]]}
    yield {
        "id": article.id,
        "document_id": article.id,
        "passages": [whole],
        "entities": list(entities.values()),
        "events": events,
        "coreferences": [],
        "relations": relations,
    }


def _passage(article: Article, some: Spans) -> Row:
    return {"text": [article.text[s.start : s.end] for s in some], "offsets": [[s.start, s.end] for s in some]}


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
            _articles,
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
            _detection,
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
            _bio,
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
            _linking,
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
            _stance,
        ),
        Config(
            "disputes",
            "one row a pair of attributions of one story: do their sources take the same position, opposed or unrelated ones?",
            {
                "left": (STRING, "one attribution, `article/attribution`"),
                "right": (STRING, "the other; the row's text is its article's"),
                "label": (Label(RELATIONS), "the answer"),
            },
            _disputes,
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
            _bigbio,
        ),
    )
}


def get_config(name: str) -> Config:
    """A config by name. UnknownIdError lists them."""
    if name not in CONFIGS:
        raise UnknownIdError("config", name, CONFIGS)
    return CONFIGS[name]
