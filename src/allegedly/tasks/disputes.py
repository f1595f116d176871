"""Disputes: two attributions of one story: do their sources take the same position, opposed ones, or unrelated ones?"""

from __future__ import annotations

from dataclasses import replace

from allegedly.schema import RELATIONS, Article
from allegedly.tasks import Item, Task


def items(article: Article) -> list[Item]:
    """One item a pair whose right-hand attribution stands in this article, by the pair's id."""
    return [Item(p.id, p.relation, pair=p) for p in article.pairs]


def hide(article: Article) -> Article:
    """The attributions stay, positions and relations go."""
    attributions = tuple(a.model_copy(update={"positions": (), "refers": None}) for a in article.attributed)
    pairs = tuple(p.model_copy(update={"relation": "unrelated"}) for p in article.pairs)
    return replace(article, attributions=attributions, pairs=pairs)


TASK = Task(
    name="disputes",
    description="two attributions of one story → same, opposed or unrelated position",
    labels=RELATIONS,
    measures=("MacroF1", "F1(same)", "F1(opposed)", "F1(unrelated)"),
    needs=("positions",),
    items=items,
    hide=hide,
)
