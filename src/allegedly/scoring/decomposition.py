"""Where the points of a structural score go: each gold attribution is right, or lost for exactly one reason. The counts sum to gold.

The reasons are asked in order, so that each loss has one: claim missed, source wrong, cue wrong, stance flipped, chain broken. Claims are
matched first, one to one (character Jaccard of at least one half, the most and most alike pairs); then the roles of each pair are compared as in an
overlap match. This is kinder than an overlap match of whole attributions, which says only that something is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from allegedly.match import Extents, jaccard, match, share_token, similarity
from allegedly.schema import Article, Attribution

LOSSES = ("claim missed", "source wrong", "cue wrong", "stance flipped", "chain broken")


class Loss(NamedTuple):
    """What became of one gold attribution: `reason` is None where it is right; `found` is what was predicted for its claim."""

    gold: Attribution
    found: Attribution | None
    reason: str | None


def losses(article: Article, predicted: Sequence[Attribution]) -> list[Loss]:
    """One entry a gold attribution of the article, in its order."""
    gold, predicted = article.attributed, [a for a in predicted if not a.is_narrator]
    extents = Extents(article.text)
    left, right = [extents.triple(a) for a in gold], [extents.triple(a) for a in predicted]
    pairs = dict(
        match(
            left,
            right,
            key=lambda t: t.key,
            allowed=lambda a, b: jaccard(a.claim, b.claim) >= 0.5,
            weight=similarity,
        )
    )
    place = {a.id: n for n, a in enumerate(predicted)}
    at = {a.id: n for n, a in enumerate(gold)}
    made = []
    for i, attribution in enumerate(gold):
        if i not in pairs:
            made.append(Loss(attribution, None, LOSSES[0]))
            continue
        found = predicted[pairs[i]]
        above = None if attribution.via is None else pairs.get(at[attribution.via], -1)
        their = None if found.via is None else place.get(found.via, -2)
        checks = (
            share_token(left[i].source, right[pairs[i]].source),
            share_token(left[i].cue, right[pairs[i]].cue),
            attribution.stance == found.stance,
            above == their,
        )
        reason = next((LOSSES[n] for n, right_here in enumerate(checks, 1) if not right_here), None)
        made.append(Loss(attribution, found, reason))
    return made


def decomposition(articles: Sequence[tuple[Article, Sequence[Attribution]]]) -> dict[str, int]:
    """Counts over articles: `right` and each loss sum to the number of gold attributions; `invented` counts predictions for no claim."""
    found: Counter[str] = Counter()
    for article, predicted in articles:
        each = losses(article, predicted)
        found.update(loss.reason or "right" for loss in each)
        used = {loss.found.id for loss in each if loss.found}
        found["invented"] += sum(a.id not in used for a in predicted if not a.is_narrator)
    return {name: found[name] for name in ("right", *LOSSES, "invented")}
