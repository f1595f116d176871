"""What the error viewer shows: each scored article's text, its gold, and what became of it in each system's predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allegedly.results import Result, with_predictions
from allegedly.schema import Article, Attribution
from allegedly.scoring.decomposition import LOSSES, losses
from allegedly.slices import slices
from allegedly.tasks import get_task

#: A prediction for no gold claim.
INVENTED = "invented"
#: Slices that a filter offers; domain, form and story go with the article.
OFFERED = ("quotation", "source", "cue", "mark", "denial")


def viewer(home: Path, rows: Sequence[Result], articles: Sequence[Article]) -> dict[str, Any]:
    """The viewer's data, for JSON: spans are `[start, end]`; an attribution is a list, as `fields` names its places.

    `systems[name][n]` holds, for article n, `losses` (a pair for each gold attribution: what was lost, -1 for nothing, and which
    prediction its claim found, -1 for none) and the predictions themselves.
    """
    task = get_task("extraction")
    names: dict[str, int] = {}
    shown = []
    for article in articles:
        gold = []
        for attribution in article.attributed:
            in_slices = [s for s in slices(article, attribution) if s.split(":")[0] in OFFERED]
            gold.append([*_packed(attribution), [names.setdefault(s, len(names)) for s in in_slices]])
        record = article.record
        shown.append(
            {
                "id": article.id,
                "title": article.text.split("\n", 1)[0],
                "about": " · ".join((record.publisher, record.form, record.domain, record.story)),
                "text": article.text,
                "gold": gold,
            }
        )
    systems = {}
    for system, predictions in with_predictions(home, rows, task, articles):
        if any(predictions.values()):
            systems[system] = [_article(a, predictions.get(a.id, ())) for a in articles]
    return {
        "fields": ["id", "source", "cue", "claim", "stance", "via", "slices"],
        "losses": [*LOSSES, INVENTED],
        "slices": list(names),
        "articles": shown,
        "systems": systems,
    }


def _packed(attribution: Attribution) -> list[Any]:
    spans = [[[s.start, s.end] for s in role] for role in attribution.roles.values()]
    return [attribution.id, *spans, attribution.stance, attribution.via]


def _article(article: Article, predicted: Sequence[Attribution]) -> dict[str, Any]:
    place = {a.id: n for n, a in enumerate(predicted)}
    each = losses(article, predicted)
    return {
        "losses": [[LOSSES.index(x.reason) if x.reason else -1, place[x.found.id] if x.found else -1] for x in each],
        "predicted": [_packed(a) for a in predicted],
    }
