"""A language model behind any OpenAI-compatible endpoint, zero- or few-shot: `llm:MODEL`, or `llm:MODEL@SHOTS`.

    ALLEGEDLY_LLM_URL=http://localhost:8000/v1 ALLEGEDLY_LLM_KEY=… allegedly benchmark -s llm:my-model@2 -t stance

The prompts are the files beside this one (`prompts/`). Answers are kept on disk (`chat`), so a run that was cut off goes on where it was and costs
nothing twice. What cannot be read, does not come or quotes what is not in the text is missing, which scores as missing, and is counted.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.resources import files
from typing import Any, Self

from allegedly.schema import STANCES, Article, Attribution
from allegedly.systems import SystemUseError
from allegedly.systems.chat import Chat, NoAnswerError, RefusedError, Usage
from allegedly.systems.quoted import placed
from allegedly.tasks import Label, Predictions, get_task
from allegedly.text.anchor import QuoteError, numbered
from allegedly.text.quote import draft_line

logger = logging.getLogger("allegedly.llm")
ITEMS = 20  # of stance, in one request
AT_ONCE = 4
LONGEST_SHOT = 5000  # code points of an article that serves as an example
Job = Callable[[], dict[str, Any]]


class LLM:
    """A chat model for extraction or stance. Nothing is trained; `fit` chooses the examples."""

    tasks = ("extraction", "stance")
    model = ""
    shots = 0

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._examples: list[Article] = []
        self._chat = Chat(self.model, seed)

    @property
    def usage(self) -> Usage:
        """What it took so far."""
        return self._chat.usage

    def fit(self, articles: Sequence[Article]) -> Self:
        """Take the shortest articles that have each stance as examples, `shots` of them, from different stories."""
        stories: set[str] = set()
        for article in sorted(articles, key=lambda a: (len(a.text), a.id)):
            fits = article.story not in stories and len(article.text) <= LONGEST_SHOT
            if len(self._examples) < self.shots and fits and {a.stance for a in article.attributed} == set(STANCES):
                self._examples.append(article)
                stories.add(article.story)
        return self

    def predict(self, articles: Sequence[Article]) -> Predictions:
        """Answer what can be answered; what cannot is missing. SystemUseError where the endpoint takes no question at all."""
        work: list[tuple[Article, Job]] = []
        asked = 0
        for article in articles:
            items = self._task.items(article)
            asked += len(items)
            if self._task.name == "extraction":
                work.append((article, partial(self._extract, article)))
                continue
            for start in range(0, len(items), ITEMS):
                work.append((article, partial(self._stances, article, items[start : start + ITEMS])))
        found: dict[str, Any] = {}
        refusals: list[RefusedError] = []
        with ThreadPoolExecutor(int(os.environ.get("ALLEGEDLY_LLM_AT_ONCE", AT_ONCE))) as pool:
            for answer in pool.map(lambda one: self._tried(*one), work):
                if isinstance(answer, RefusedError):
                    refusals.append(answer)
                else:
                    found |= answer
        self._chat.count("unanswered", asked - len(found))
        logger.warning("llm:%s %s: %s", self.model, self._task.name, self.usage)
        if work and len(refusals) == len(work):
            raise SystemUseError(str(refusals[0]))
        return found

    def _tried(self, article: Article, job: Job) -> dict[str, Any] | RefusedError:
        """What a job answers: nothing, counted and said, where no answer came that can be read; so it costs itself alone."""
        try:
            return job()
        except NoAnswerError as error:
            self._chat.count("unreadable")
            logger.warning("llm:%s %s %s: %s", self.model, self._task.name, article.id, error)
            return error if isinstance(error, RefusedError) else {}

    # ------------------------------------------------------------ the tasks

    def _extract(self, article: Article) -> dict[str, Any]:
        turns = [(self._numbered(a), self._gold(a)) for a in self._examples]
        lines = _list(self._ask("extraction", turns, self._numbered(article)), "attributions")
        made: list[tuple[Attribution, dict[str, Any]]] = []
        numbers: dict[int, str] = {}
        for position, line in enumerate(lines, 1):
            attribution = self._anchored(article, line, f"a{position}")
            if attribution is not None:
                made.append((attribution, line))
                numbers.setdefault(_number(line.get("n")) or position, attribution.id)
        links = {
            link: _uncircled({a.id: numbers.get(_number(line.get(link)) or 0) for a, line in made})
            for link in ("via", "refers")
        }
        return {
            article.id: tuple(a.model_copy(update={link: links[link].get(a.id) for link in links}) for a, _ in made)
        }

    def _anchored(self, article: Article, line: Any, name: str) -> Attribution | None:
        """A line as a record, without its links; None, counted, where it quotes what is not there or is not as asked for."""
        try:
            spans = placed(article, line, _number(line.get("at")))
            kind = line.get("kind") or ("person" if spans["source"] else "unspecified")
            return Attribution.model_validate(
                {
                    "id": name,
                    "source": {"spans": spans["source"], "kind": kind, "named": bool(line.get("named"))},
                    "cue": {"spans": spans["cue"]},
                    "claim": {"spans": spans["claim"]},
                    "stance": line.get("stance"),
                }
            )
        except QuoteError:
            self._chat.count("quotes_absent")
        except (AttributeError, TypeError, ValueError):  # no object, no text, no such stance, …
            self._chat.count("malformed")
        return None

    def _stances(self, article: Article, items: Sequence[Any]) -> dict[str, Any]:
        turns = []
        for example in self._examples:
            some = self._task.items(example)[:ITEMS]
            right = json.dumps({"stances": [{"n": n, "stance": i.answer} for n, i in enumerate(some, 1)]})
            turns.append((self._listed(example, some), right))
        found = {}
        for entry in _list(self._ask("stance", turns, self._listed(article, items)), "stances"):
            number = _number(entry.get("n")) if isinstance(entry, dict) else None
            if number and number <= len(items) and entry.get("stance") in STANCES:
                found[items[number - 1].id] = Label(entry["stance"])
        if not found:
            raise NoAnswerError("an answer without a stance")
        return found

    @staticmethod
    def _numbered(article: Article) -> str:
        return "\n".join(numbered(article))

    @staticmethod
    def _gold(article: Article) -> str:
        number = {a.id: n for n, a in enumerate(article.attributed, 1)}
        lines = []
        for a in article.attributed:
            line = draft_line(article, a)
            at = line["at"] if not isinstance(line["at"], dict) else line["at"].get("claim")
            first = at[0] if isinstance(at, list) else at
            links = {link: number.get(getattr(a, link) or "") for link in ("via", "refers")}
            kept = {k: line[k] for k in ("source", "cue", "claim", "stance", "kind", "named")}
            lines.append({"n": number[a.id], "at": int(str(first).split("#")[0]), **kept, **links})
        return json.dumps({"attributions": lines}, ensure_ascii=False)

    def _listed(self, article: Article, items: Sequence[Any]) -> str:
        lines = [self._numbered(article), "", "Items:"]
        for number, item in enumerate(items, 1):
            roles = {r: article.slice(s) for r, s in item.attribution.roles.items()}
            lines.append(json.dumps({"n": number, **roles}, ensure_ascii=False))
        return "\n".join(lines)

    def _ask(self, prompt: str, turns: Sequence[tuple[str, str]], question: str) -> Any:
        """The model's answer as JSON; None where it is none."""
        system = (files("allegedly.systems") / "prompts" / f"{prompt}.md").read_text("utf-8")
        messages = [{"role": "system", "content": system}]
        for asked, answered in turns:
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
        return _json(self._chat.ask([*messages, {"role": "user", "content": question}]))


def _json(content: str) -> Any:
    """The JSON object in an answer, fenced or with words around it; None where there is none."""
    for candidate in (
        content,
        *(m.group(1) for m in re.finditer(r"```(?:json)?\s*(.*?)```", content, re.DOTALL)),
        content[content.find("{") : content.rfind("}") + 1],
    ):
        try:
            found = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return None


def _list(answer: Any, key: str) -> list[Any]:
    """The list that an answer should be. NoAnswerError where it is none."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise NoAnswerError(f"an answer without a list of {key}")
    return found


def _number(given: Any) -> int | None:
    """A line's or sentence's number, as 3 or "3"; None for anything else."""
    return int(given) if isinstance(given, int | str) and re.fullmatch(r"[0-9]{1,6}", str(given)) else None


def _uncircled(links: Mapping[str, str | None]) -> dict[str, str]:
    """The links without those that would lead back to where they start."""
    kept: dict[str, str] = {}
    for inner, outer in links.items():
        end = outer
        while end in kept:
            end = kept[end]
        if outer is not None and end != inner:
            kept[inner] = outer
    return kept


def named(name: str) -> type[LLM]:
    """The system that `llm:MODEL` or `llm:MODEL@SHOTS` names. SystemUseError where httpx is missing or the name is none."""
    match = re.fullmatch(r"llm:(.+?)(?:@(\d+))?", name)
    if not match:
        raise SystemUseError(f"{name}: expected llm:MODEL or llm:MODEL@SHOTS")
    try:
        import httpx  # noqa: F401
    except ImportError:
        raise SystemUseError("llm: needs httpx: pip install 'allegedly[llm]'") from None
    return type("LLM", (LLM,), {"model": match[1], "shots": int(match[2] or 0), "__module__": __name__})
