"""The rows of each config, made of an article: what is particular to them; `configs.py` adds what all have in common."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

from allegedly.schema import Article, Attribution, Spans
from allegedly.tasks import detection as detection_task
from allegedly.tasks import disputes as disputes_task
from allegedly.tasks import linking as linking_task
from allegedly.tasks import stance as stance_task

Row = dict[str, Any]
ROLES = ("source", "cue", "claim")


def spans(article: Article, some: Spans) -> list[Row]:
    """Spans with their words."""
    return [{"start": s.start, "end": s.end, "text": article.text[s.start : s.end]} for s in some]


def attribution(article: Article, a: Attribution) -> Row:
    """An attribution with its words; labels by name."""
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


def articles(article: Article) -> Iterator[Row]:
    """The whole article."""
    record = article.record
    about = {name: getattr(record, name) for name in ("publisher", "published", "form", "domain", "variety", "license")}
    yield {
        "id": article.id,
        "title": article.title,
        **about,
        "attributions": [attribution(article, a) for a in article.attributions],
    }


def detection(article: Article) -> Iterator[Row]:
    """One row a sentence."""
    for item, (start, end) in zip(detection_task.items(article), article.sentences, strict=True):
        yield {"id": item.id, "start": start, "end": end, "sentence": article.text[start:end], "label": item.answer}


def linking(article: Article) -> Iterator[Row]:
    """One row a claim whose source has words."""
    known = [
        {"id": linking_task.name(n), "spans": spans(article, m)} for n, m in enumerate(linking_task.mentions(article))
    ]
    for item in linking_task.items(article):
        assert item.attribution is not None
        claim = spans(article, item.attribution.claim.spans)
        yield {"id": item.id, "claim": claim, "mentions": known, "answer": item.answer}


def stance(article: Article) -> Iterator[Row]:
    """One row an attribution."""
    for item in stance_task.items(article):
        assert item.attribution is not None
        roles = {role: spans(article, some) for role, some in item.attribution.roles.items()}
        yield {"id": item.id, **roles, "label": item.answer}


def disputes(article: Article) -> Iterator[Row]:
    """One row a pair."""
    for item in disputes_task.items(article):
        if item.pair:
            yield {"id": item.id, "left": item.pair.left, "right": item.pair.right, "label": item.answer}


def bio(article: Article) -> Iterator[Row]:
    """One row an article: tokens with BIO tags; of spans that overlap the outer one has the tags."""
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


def bigbio(article: Article) -> Iterator[Row]:
    """One row an article in BigBIO's kb schema."""
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
