"""Stance: given an article and an attribution's source, cue and claim, is the claim asserted, denied, or neither?"""

from __future__ import annotations

from allegedly.schema import STANCES, Article
from allegedly.tasks import Item, Task


def items(article: Article) -> list[Item]:
    """One item an attribution, `<article>/<attribution>`; the narrator only ever asserts and is left out."""
    return [Item(f"{article.id}/{a.id}", a.stance, attribution=a) for a in article.attributed]


def hide(article: Article) -> Article:
    """Source, cue and claim stay; stance and what follows from it go."""
    hidden: dict[str, object] = {"stance": "none", "positions": ()}
    return article.with_attributions(tuple(a.model_copy(update=hidden) for a in article.attributions))


TASK = Task(
    name="stance",
    description="source, cue and claim of an article → assert, deny or none",
    labels=STANCES,
    measures=("StanceF1", "F1(deny)", "F1(assert)", "F1(none)", "Brier", "ECE(bins=15)"),
    needs=("stance",),
    items=items,
    hide=hide,
)
