"""Task cards: what a task asks, one worked example from the corpus, how its answers are distributed, and its measures."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from allegedly.evaluation import Protocol
from allegedly.report.marks import who
from allegedly.schema import Article, Attribution
from allegedly.scoring.measures import explain
from allegedly.store import Corpus
from allegedly.tasks import TASKS, Item, Task, get_task, linking


class Card(NamedTuple):
    """A task in words and figures. `labels` holds (answer, items) of the scored articles; the example is from the training articles."""

    task: str
    description: str
    about: str
    example: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, int], ...]
    measures: tuple[tuple[str, str], ...]
    items: int


def cards(corpus: Corpus, chosen: Protocol) -> list[Card]:
    """One card for each task that the scored articles have items of."""
    learnt = chosen.folds[0][0]
    made = []
    for task in map(get_task, TASKS):
        items = [(a, i) for a in chosen.articles for i in task.items(a)]
        if not items:
            continue
        made.append(
            Card(
                task.name,
                task.description,
                (importlib.import_module(f"allegedly.tasks.{task.name}").__doc__ or "").strip(),
                _example(task, learnt or chosen.articles),
                _labels(task, items),
                tuple((m, explain(m)) for m in task.measures),
                len(items) if task.labels else sum(n for _, n in _labels(task, items)),
            )
        )
    return made


def _labels(task: Task, items: Sequence[tuple[Article, Item]]) -> tuple[tuple[str, int], ...]:
    if task.name == "extraction":
        found = Counter(str(x.stance) for a, _ in items for x in a.attributed)
    elif task.name == "linking":
        found = Counter(_distance(a, i) for a, i in items)
    else:
        found = Counter(i.answer for _, i in items)
    return tuple(found.most_common())


def _distance(article: Article, item: Item) -> str:
    """How many mentions there are to choose from, in tens."""
    least = (len(item.choices) - 1) // 10 * 10
    return f"{least + 1}–{least + 10} mentions to choose from"


def _example(task: Task, articles: Sequence[Article]) -> tuple[tuple[str, str], ...]:
    """The first item that is worth showing, as (what, words)."""
    by_id = {a.id: a for a in articles}
    for article in articles:
        for item in task.items(article):
            if shown := _shown(task, article, item, by_id):
                return shown
    return ()


def _shown(task: Task, article: Article, item: Item, by_id: dict[str, Article]) -> tuple[tuple[str, str], ...]:
    if task.name == "detection":
        if item.answer != "attributed" or item.sentence is None or item.sentence < 3:
            return ()
        sentence = article.sentences[item.sentence - 1]
        return (("sentence", article.text[sentence.start : sentence.end].strip()), ("answer", item.answer))
    if task.name == "extraction":
        nested = next((a for a in article.attributed if a.via), None)
        if nested is None:
            return ()
        above = next(a for a in article.attributed if a.id == nested.via)
        return tuple((f"{x.id} {x.stance}", _line(article, x)) for x in (above, nested))
    if task.name == "linking":
        known = linking.mentions(article)
        assert item.attribution is not None
        claim = article.slice(item.attribution.claim.spans)
        right = article.slice(known[int(item.answer[1:]) - 1])
        return (("claim", claim), ("mentions", f"{len(known)} of the article"), ("answer", f"{item.answer}: {right}"))
    if task.name == "stance":
        if item.answer != "deny" or item.attribution is None or not item.attribution.cue.spans:
            return ()
        return (("source | cue | claim", _line(article, item.attribution)), ("answer", item.answer))
    if item.answer != "opposed" or item.pair is None:
        return ()
    sides = []
    for name in (item.pair.left, item.pair.right):
        other, _, key = name.partition("/")
        if other not in by_id:
            return ()
        side = next(x for x in by_id[other].attributed if x.id == key)
        sides.append((f"{name} {side.stance}", _line(by_id[other], side)))
    return (*sides, ("answer", item.answer))


def _line(article: Article, attribution: Attribution) -> str:
    cue = article.slice(attribution.cue.spans) or "–"
    return f"{who(article, attribution)} | {cue} | {article.slice(attribution.claim.spans)}"


def markdown(card: Card, table: str) -> str:
    """A card as a page; `table` is the task's part of the leaderboard."""
    lines = [f"# {card.task}", "", f"{card.description}. {card.about}", "", "## Example", "", "| | |", "|---|---|"]
    lines += [f"| {_cell(what)} | {_cell(words)} |" for what, words in card.example]
    total = sum(n for _, n in card.labels)
    lines += ["", "## Answers", "", "| answer | items | share |", "|---|---|---|"]
    lines += [f"| {name} | {n} | {n / total:.1%} |" for name, n in card.labels]
    lines += ["", "## Measures", "", "| measure | what it counts |", "|---|---|"]
    lines += [f"| `{name}` | {_cell(words)} |" for name, words in card.measures]
    return "\n".join(
        [*lines, "", "## Systems", "", table, "", "Generated by `allegedly benchmark`; not edited by hand.", ""]
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
