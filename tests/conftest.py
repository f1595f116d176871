"""Small articles and corpus folders, made for the tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import settings

from allegedly.schema import CANARY, Article, ArticleRecord, Attribution
from allegedly.store import dump_records, sha256
from allegedly.text.anchor import anchor

settings.register_profile("calm", deadline=None, max_examples=60)
settings.load_profile("calm")

TEXT = """Port body denies second leak

The dock union says the Merrow had a second leak below the car deck.
The Harbour Authority dismissed reports of a second leak as speculation.
“The hull is sound,” its director, Ansa Brill, said. “We tested it.”

Brill denied telling police that the pumps were off. 😀 An estimated 40 lorries were aboard.
"""

DRAFT = [
    {"id": "a01", "at": 1, "source": "Port body", "cue": "denies", "claim": "second leak", "stance": "deny", "kind": "organization", "named": True, "refers": "a02"},
    {"id": "a02", "at": 2, "source": "The dock union", "cue": "says", "claim": "the Merrow had … the car deck", "stance": "assert", "kind": "organization", "named": True, "positions": [{"proposition": "p1", "polarity": "+"}]},
    {"id": "a03", "at": 3, "source": "The Harbour Authority", "cue": "dismissed || as speculation", "claim": "reports of a second leak", "stance": "deny", "kind": "government", "named": True, "refers": "a02", "entities": ["harbour"], "positions": [{"proposition": "p1", "polarity": "+"}]},
    {"id": "a04", "at": 4, "source": "its director, Ansa Brill", "cue": "said", "claim": "The hull is sound", "stance": "assert", "kind": "government", "named": True},
    {"id": "a05", "at": {"source": 4, "claim": 5}, "source": "its director, Ansa Brill", "cue": "", "claim": "We tested it", "stance": "assert", "kind": "government", "named": True},
    {"id": "a06", "at": 6, "source": "Brill", "cue": "denied", "claim": "telling police that the pumps were off", "stance": "deny", "kind": "government", "named": True},
    {"id": "a07", "at": 6, "source": "Brill", "cue": "telling", "claim": "the pumps were off", "stance": "assert", "kind": "government", "named": True, "via": "a06"},
    {"id": "a08", "at": 7, "source": "", "cue": "estimated", "claim": "40 lorries", "stance": "assert", "kind": "unspecified", "named": False},
]  # fmt: skip


def make_article(text: str = TEXT, name: str = "a0001", story: str = "s1", split: str = "train") -> Article:
    record = ArticleRecord(
        id=name, publisher="The Port Post", published="2033-05-04", story=story, form="wire", domain="transport accidents",
        variety="en-GB", license="CC-BY-4.0", split=split, sha256=sha256(text.encode()), canary=CANARY,
    )  # fmt: skip
    return Article(record, text)


def annotated(name: str = "a0001", story: str = "s1", text: str = TEXT, split: str = "train") -> Article:
    article = make_article(text, name, story, split)
    draft = "\n".join(json.dumps(line) for line in DRAFT)
    result = anchor(article, draft)
    assert not result.problems, result.problems
    return article.with_attributions(result.attributions)


def write_corpus(root: Path, articles: list[Article]) -> Path:
    (root / "corpus" / "texts").mkdir(parents=True)
    (root / "annotations" / "gold").mkdir(parents=True)
    info = {"name": "toy", "version": "1.0", "license": "CC-BY-4.0", "canary": CANARY}
    (root / "corpus" / "corpus.json").write_text(json.dumps(info))
    (root / "corpus" / "articles.jsonl").write_bytes(dump_records([a.record for a in articles]))
    stories = [
        {
            "id": story,
            "title": "A leak",
            "canary": CANARY,
            "entities": [{"id": "harbour", "name": "the Harbour Authority", "kind": "government"}],
            "propositions": [
                {"id": "p1", "text": "There was a second leak.", "excludes": ["p2"]},
                {"id": "p2", "text": "There was one leak alone.", "excludes": ["p1"]},
            ],
        }
        for story in dict.fromkeys(a.story for a in articles)
    ]
    (root / "corpus" / "stories.jsonl").write_bytes(dump_records(stories))
    for article in articles:
        (root / "corpus" / "texts" / f"{article.id}.txt").write_text(article.text, "utf-8", newline="\n")
        (root / "annotations" / "gold" / f"{article.id}.jsonl").write_bytes(dump_records(article.attributions))
    return root


@pytest.fixture
def article() -> Article:
    return annotated()


@pytest.fixture
def corpus_folder(tmp_path: Path) -> Path:
    articles = [
        annotated(
            f"a000{n}",
            f"s{(n + 1) // 2}",
            TEXT.replace("leak\n", f"leak, part {n}\n", 1) + f"\nThe next ferry is number {n}.\n",
        )
        for n in range(1, 5)
    ]
    return write_corpus(tmp_path / "toy", articles)


def by_id(article: Article) -> dict[str, Attribution]:
    return {a.id: a for a in article.attributions}
