"""Taking a written text into the corpus: its record in `articles.jsonl`, its story in `stories.jsonl`, its checksum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allegedly.schema import CANARY, AllegedlyError, ArticleRecord, Story
from allegedly.store import Corpus, parse, read_text, sha256, write_records


class RegistrationError(AllegedlyError, ValueError):
    """A text that cannot be taken in. The message says why."""


def register(corpus: Corpus, given: Sequence[Mapping[str, Any]]) -> list[str]:
    """Take articles in, or renew the record of texts that were edited; one sentence for each that changed.

    Each entry has an article record's fields without `sha256`, `canary` and (if CC-BY-4.0) `license`, and the title of
    its story as `title` where the story is new. The texts lie in `corpus/texts` already. A text with an annotation is
    refused if it changed, as its spans would shift.
    """
    records: dict[str, ArticleRecord] = dict(corpus.records)
    stories: dict[str, Story] = dict(corpus.stories)
    said = []
    for entry in given:
        data = {"license": "CC-BY-4.0", "canary": CANARY, **entry}
        title = data.pop("title", None)
        path = corpus.path("corpus", "texts", f"{data.get('id')}.txt")
        data["sha256"] = sha256(read_text(path).encode())
        record = parse(ArticleRecord, data, str(data.get("id")))
        old = records.get(record.id)
        if old == record:
            continue
        if old and old.sha256 != record.sha256 and _annotated(corpus, record):
            raise RegistrationError(
                f"{record.id}: the text changed and there are layers of it: their spans would shift"
            )
        split = {r.split for r in records.values() if r.story == record.story and r.id != record.id}
        if split - {record.split}:
            raise RegistrationError(f"{record.id}: story {record.story} is in split {split.pop()}, not {record.split}")
        if record.story not in stories:
            if not title:
                raise RegistrationError(f"{record.id}: story {record.story} is new: give its title")
            stories[record.story] = Story(id=record.story, title=title, canary=CANARY)
        records[record.id] = record
        said.append(f"{record.id}: {'renewed' if old else 'registered'} ({record.publisher}, {record.form})")
    write_records(corpus.path("corpus", "articles.jsonl"), [records[i] for i in sorted(records)])
    write_records(corpus.path("corpus", "stories.jsonl"), [stories[i] for i in sorted(stories)])
    return said


def _annotated(corpus: Corpus, record: ArticleRecord) -> bool:
    layers = corpus.path("annotations", "layers").glob(f"*/{record.id}.jsonl")
    return corpus.gold_path(record).exists() or any(layers)
