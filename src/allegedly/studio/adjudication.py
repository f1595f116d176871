"""Adjudication on the screen: a second project in which each article has both layers as predictions, side by side.

The adjudicator starts from either, mends it, submits. `pull_gold` writes what was submitted as gold, and how it differs
from both layers into annotations/adjudication.jsonl.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from allegedly.adjudicate import from_gold, units
from allegedly.agreement import pairs
from allegedly.schema import AllegedlyError, Article, Attribution
from allegedly.store import Corpus, write_gold
from allegedly.studio import StudioError, convert
from allegedly.studio.client import Client
from allegedly.studio.home import Home
from allegedly.studio.pull import Outcome, Pulled, _article, drawn_of, fetch, latest, one_at_a_time, opened, tasks_of
from allegedly.studio.push import Pushed, checksum, push

TITLE = "allegedly adjudication"
INSTRUCTION = (
    "<p>Both readings are under the text's name at the top, one tab each. Take the one that is nearer (copy it), look at the "
    "other, decide every difference by the guidelines, mend, submit. The note below the text is kept as the reason.</p>"
)


def push_layers(
    client: Client,
    corpus: Corpus,
    names: tuple[str, str],
    only: Collection[str] | None = None,
    title: str = TITLE,
    step: Callable[[int], None] = lambda _: None,
) -> Pushed:
    """Put the articles that both layers hold (of those in `only`) into the adjudication project."""
    both = pairs(corpus, *names, only)
    articles = [Article(left.record, left.text) for left, _ in both]
    layers = {a.id: {names[0]: a.attributed, names[1]: b.attributed} for a, b in both}
    return push(client, articles, layers, title=title, instruction=INSTRUCTION, carry=False, step=step)


def pull_gold(
    client: Client,
    home: Home,
    corpus: Corpus,
    only: Collection[str] | None = None,
    title: str = TITLE,
    replace: bool = False,
) -> Pulled:
    """Bring submitted adjudications (of the articles in `only`) back as gold; which layers were shown stands in each task.

    Gold that has positions already is kept unless `replace`, as they would be lost; the narrator's records stay.
    """
    found = client.project(title)
    if found is None:
        raise StudioError(f"there is no project {title!r}: allegedly studio adjudicate push")
    with one_at_a_time(home, "adjudication"):
        raw = fetch(client, home, int(found.id), title)
        done = Pulled(backup=raw)
        with opened(raw) as file:
            for task in tasks_of(file):
                where = f"{client.url}/projects/{found.id}/data?task={task['id']}"
                name = str(task["data"].get("article_id"))
                given = latest(task)
                if not given or (only and name not in only):
                    continue
                email, annotation = max(given.items(), key=lambda one: str(one[1].get("updated_at")))
                outcome = Outcome(name, home.pseudonym(email), "refused", where)
                done.outcomes.append(outcome)
                try:
                    article = _article(corpus, task)
                    outcome.drawn = drawn_of(corpus, article, task, annotation)
                    if not outcome.drawn.problems:
                        _write(corpus, article, task, outcome, replace)
                except AllegedlyError as error:
                    outcome.drawn.problems.append(convert.Problem("", str(error)))
        return done


def _write(corpus: Corpus, article: Article, task: Mapping[str, Any], outcome: Outcome, replace: bool) -> None:
    left, right = _shown(corpus, article, task["data"])
    names = task["data"]["shown"]
    comment = outcome.drawn.comment
    reason = f"in Label Studio: {comment}" if comment else "decided in Label Studio"
    gold = from_gold(article, units(article, left, right), names, outcome.drawn.attributions, reason)
    path = corpus.gold_path(article.record)
    old = corpus.article(article.id).attributions if path.exists() else ()
    narrators = tuple(a for a in old if a.is_narrator)
    if tuple(map(_undecided, (a for a in old if not a.is_narrator))) == gold.attributions:
        outcome.status = "same"
        return
    if any(a.positions or a.source.entities for a in old) and not replace:
        message = "its gold has positions already, which this would take off: --replace, then read its positions again"
        outcome.drawn.problems.append(convert.Problem("", message))
        return
    write_gold(corpus, article.record, (*gold.attributions, *narrators), gold.log)
    outcome.status = "updated" if old else "new"


def _shown(corpus: Corpus, article: Article, data: Mapping[str, Any]) -> list[Sequence[Attribution]]:
    """Both layers as the adjudicator saw them. StudioError where one is not there any more, or says something else by now."""
    names, sums = data.get("shown"), data.get("sums")
    if not isinstance(names, list) or len(names) != 2 or not isinstance(sums, dict):
        raise StudioError("its task does not show two layers")
    found: list[Sequence[Attribution]] = []
    for name in names:
        if not corpus.path("annotations", "layers", name, f"{article.id}.jsonl").exists():
            raise StudioError(f"layer {name!r}, which the adjudicator saw, is not in this corpus")
        records = corpus.article(article.id, layer=name).attributed
        if checksum(records) != sums.get(name):
            raise StudioError(
                f"layer {name!r} changed since the adjudicator saw it: push into a new project (--project)"
            )
        found.append(records)
    return found


def _undecided(a: Attribution) -> Attribution:
    """A record without what the second step adds."""
    return a.model_copy(update={"positions": (), "source": a.source.model_copy(update={"entities": ()})})
