"""Loading the corpus in ML code: rows of one task with string labels, or a `datasets.Dataset` of them.

Rows are made from the corpus itself at each call; there is no built dataset to go stale.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from allegedly.schema import CANARY, Article
from allegedly.store import Corpus, UnknownIdError, open_corpus
from allegedly.tasks import get_task, linking


def _articles(article: Article) -> list[dict[str, Any]]:
    return [{"id": article.id, "attributions": [a.plain() for a in article.attributions]}]


def _detection(article: Article) -> list[dict[str, Any]]:
    rows = []
    for item, (start, end) in zip(get_task("detection").items(article), article.sentences, strict=True):
        rows.append(
            {"id": item.id, "start": start, "end": end, "sentence": article.text[start:end], "label": item.answer}
        )
    return rows


def _stance(article: Article) -> list[dict[str, Any]]:
    rows = []
    for item in get_task("stance").items(article):
        assert item.attribution is not None
        roles = {r: [s.model_dump() for s in spans] for r, spans in item.attribution.roles.items()}
        rows.append({"id": item.id, **roles, "label": item.answer})
    return rows


def _linking(article: Article) -> list[dict[str, Any]]:
    known = [
        {"id": linking.name(n), "spans": [s.model_dump() for s in m]} for n, m in enumerate(linking.mentions(article))
    ]
    rows = []
    for item in get_task("linking").items(article):
        assert item.attribution is not None
        claim = [s.model_dump() for s in item.attribution.claim.spans]
        rows.append({"id": item.id, "claim": claim, "mentions": known, "label": item.answer})
    return rows


def _disputes(article: Article) -> list[dict[str, Any]]:
    return [
        {"id": item.id, "left": item.pair.left, "right": item.pair.right, "label": item.answer}
        for item in get_task("disputes").items(article)
        if item.pair
    ]


CONFIGS: dict[str, Callable[[Article], list[dict[str, Any]]]] = {
    "articles": _articles,
    "detection": _detection,
    "linking": _linking,
    "stance": _stance,
    "disputes": _disputes,
}


def load(
    config: str = "articles",
    split: str = "train",
    as_: Literal["rows", "datasets"] = "rows",
    corpus: Corpus | None = None,
) -> Any:
    """The annotated articles of a split as rows: a list of dicts, or (`as_="datasets"`) a `datasets.Dataset`.

    Offsets count code points of the row's `text`. UnknownIdError lists the configs.
    """
    if config not in CONFIGS:
        raise UnknownIdError("config", config, CONFIGS)
    opened = corpus or open_corpus()
    rows = []
    for article in opened.annotated(split):
        about = {"article": article.id, "story": article.story, "text": article.text, "canary": CANARY}
        rows += [about | row for row in CONFIGS[config](article)]
    if as_ == "rows":
        return rows
    import datasets

    return datasets.Dataset.from_list(rows)
