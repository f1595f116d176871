"""A language model behind any OpenAI-compatible endpoint, zero- or few-shot: `llm:MODEL`, or `llm:MODEL@SHOTS`.

    ALLEGEDLY_LLM_URL=http://localhost:8000/v1 ALLEGEDLY_LLM_KEY=… allegedly benchmark -s llm:my-model@2 -t stance

The prompts are the files beside this one (`prompts/`). Answers are kept on disk, so a run that was cut off goes on where it was and costs nothing twice.
An answer that cannot be read leaves its article without a prediction, which scores as missing, and is counted; so is a quote that is not in the text.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from allegedly.schema import STANCES, AllegedlyError, Article, Attribution
from allegedly.store import write_atomic
from allegedly.systems import SystemUseError
from allegedly.tasks import Label, Predictions, get_task
from allegedly.text.anchor import QuoteError, anchor_line, numbered
from allegedly.text.quote import draft_line

logger = logging.getLogger("allegedly.llm")
TRIES = 6
ITEMS = 20  # of stance, in one request
AT_ONCE = 4
LONGEST_SHOT = 5000  # code points of an article that serves as an example


@dataclass
class Usage:
    """What a run took: requests that were sent, answers from the disk, tokens, and what could not be used."""

    requests: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unreadable: int = 0
    quotes_refused: int = 0
    failed: list[str] = field(default_factory=list)

    def cost(self, prices: str | None) -> float | None:
        """In the currency of `prices`, `IN,OUT` per million tokens; None without prices."""
        if not prices:
            return None
        each = [float(p) for p in prices.split(",")]
        return (self.prompt_tokens * each[0] + self.completion_tokens * each[-1]) / 1e6

    def __str__(self) -> str:
        cost = self.cost(os.environ.get("ALLEGEDLY_LLM_PRICES"))
        said = [
            f"{self.requests} requests", f"{self.cached} answers from disk", f"{self.prompt_tokens:,} + {self.completion_tokens:,} tokens",
            f"{self.unreadable} unreadable answers", f"{self.quotes_refused} lines refused (quotes that are not in the text)",
        ]  # fmt: skip
        return ", ".join([*said, *([f"cost {cost:.4f}"] if cost is not None else [])])


class LLM:
    """A chat model for extraction or stance. Nothing is trained; `fit` chooses the examples."""

    tasks = ("extraction", "stance")
    model = ""
    shots = 0

    def __init__(self, task: str, seed: int = 0) -> None:
        self._task = get_task(task)
        self._seed = seed
        self._examples: list[Article] = []
        self._lock = threading.Lock()
        self.usage = Usage()

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
        """Answer what can be answered; what cannot is missing."""
        work: list[Callable[[], dict[str, Any]]] = []
        for article in articles:
            if self._task.name == "extraction":
                work.append(lambda a=article: self._extract(a))  # type: ignore[misc]
                continue
            items = self._task.items(article)
            for start in range(0, len(items), ITEMS):
                work.append(lambda a=article, i=items[start : start + ITEMS]: self._stances(a, i))  # type: ignore[misc]
        found: dict[str, Any] = {}
        with ThreadPoolExecutor(int(os.environ.get("ALLEGEDLY_LLM_AT_ONCE", AT_ONCE))) as pool:
            for answer in pool.map(lambda job: job(), work):
                found |= answer
        logger.warning("llm:%s %s: %s", self.model, self._task.name, self.usage)
        return found

    # ------------------------------------------------------------ the tasks

    def _extract(self, article: Article) -> dict[str, Any]:
        turns = [(self._numbered(a), self._gold(a)) for a in self._examples]
        answer = self._ask("extraction", turns, self._numbered(article))
        lines = answer.get("attributions") if isinstance(answer, dict) else None
        if not isinstance(lines, list):
            self._count("unreadable")
            return {}
        made: dict[str, Attribution] = {}
        for number, line in enumerate(lines, 1):
            attribution = self._anchored(article, line, number)
            if attribution is not None and attribution.id not in made:
                made[attribution.id] = attribution
        kept = [
            a.model_copy(
                update={
                    link: None for link in ("via", "refers") if getattr(a, link) not in made or getattr(a, link) == a.id
                }
            )
            for a in made.values()
        ]
        return {article.id: tuple(kept)}

    def _anchored(self, article: Article, line: Any, number: int) -> Attribution | None:
        try:
            if not isinstance(line, dict) or line.get("stance") not in STANCES:
                raise QuoteError("no line, or no stance")
            known = {
                k: line.get(k)
                for k in ("source", "cue", "claim", "stance", "kind", "named", "at")
                if line.get(k) is not None
            }
            known["id"] = f"a{line.get('n', number)}"
            for link in ("via", "refers"):
                known[link] = f"a{line[link]}" if isinstance(line.get(link), int) else None
            try:
                return anchor_line(article, known)
            except QuoteError:
                known.pop("at", None)  # a wrong sentence number need not cost a quote that stands once
                return anchor_line(article, known)
        except (AllegedlyError, TypeError, ValueError, KeyError):
            self._count("quotes_refused")
            return None

    def _stances(self, article: Article, items: Sequence[Any]) -> dict[str, Any]:
        turns = []
        for example in self._examples:
            some = self._task.items(example)[:ITEMS]
            right = json.dumps({"stances": [{"n": n, "stance": i.answer} for n, i in enumerate(some, 1)]})
            turns.append((self._listed(example, some), right))
        answer = self._ask("stance", turns, self._listed(article, items))
        given = answer.get("stances") if isinstance(answer, dict) else None
        if not isinstance(given, list):
            self._count("unreadable")
            return {}
        found = {}
        for entry in given:
            if (
                isinstance(entry, dict)
                and entry.get("stance") in STANCES
                and type(entry.get("n")) is int
                and 1 <= entry["n"] <= len(items)
            ):
                found[items[entry["n"] - 1].id] = Label(entry["stance"])
        self.usage.unreadable += not found
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

    # ------------------------------------------------------------ the endpoint

    def _count(self, what: str, by: int = 1) -> None:
        with self._lock:
            setattr(self.usage, what, getattr(self.usage, what) + by)

    def _ask(self, prompt: str, turns: Sequence[tuple[str, str]], question: str) -> Any:
        """The model's answer as JSON, from the disk where it was given before; None where it is no JSON or none came."""
        system = (files("allegedly.systems") / "prompts" / f"{prompt}.md").read_text("utf-8")
        messages = [{"role": "system", "content": system}]
        for asked, answered in turns:
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
        messages.append({"role": "user", "content": question})
        body = {
            "model": self.model,
            "messages": messages,
            "temperature": 0,
            "seed": self._seed,
            "response_format": {"type": "json_object"},
        }
        path = _cache() / f"{hashlib.sha256(json.dumps([_url(), body]).encode()).hexdigest()}.json"
        try:
            answer = json.loads(path.read_text("utf-8"))
            self._count("cached")
        except (OSError, ValueError):
            answer = self._post(body)
            if answer is None:
                return None
            write_atomic(path, json.dumps(answer).encode())
        return _json(_content(answer))

    def _post(self, body: dict[str, Any]) -> Any:
        """The endpoint's answer, or None after the last try. What cannot succeed by waiting (a wrong key) is an error."""
        import httpx
        from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        headers = (
            {"Authorization": f"Bearer {os.environ['ALLEGEDLY_LLM_KEY']}"}
            if os.environ.get("ALLEGEDLY_LLM_KEY")
            else {}
        )
        wait = wait_random_exponential(multiplier=float(os.environ.get("ALLEGEDLY_LLM_WAIT", 1)), max=60)
        try:
            for attempt in Retrying(
                stop=stop_after_attempt(TRIES), wait=wait, retry=retry_if_exception_type(_TryAgainError)
            ):
                with attempt:
                    self._count("requests")
                    try:
                        answer = httpx.post(
                            f"{_url()}/chat/completions",
                            json=body,
                            headers=headers,
                            timeout=float(os.environ.get("ALLEGEDLY_LLM_TIMEOUT", 120)),
                        )
                    except httpx.TransportError as error:
                        raise _TryAgainError(str(error) or type(error).__name__) from None
                    if answer.status_code in (408, 409, 429) or answer.status_code >= 500:
                        raise _TryAgainError(f"status {answer.status_code}")
                    if answer.status_code in (400, 422) and "response_format" in body:
                        del body["response_format"]  # not every server knows it
                        raise _TryAgainError(f"status {answer.status_code}")
                    if answer.status_code >= 400:
                        raise SystemUseError(f"{_url()} answered {answer.status_code}: {answer.text[:200]}")
                    try:
                        found = answer.json()
                    except ValueError:
                        raise _TryAgainError("an answer that is no JSON") from None
                    if _content(found) is None:
                        raise _TryAgainError("an answer without a message")
                    usage = found.get("usage") or {}
                    self._count("prompt_tokens", int(usage.get("prompt_tokens") or 0))
                    self._count("completion_tokens", int(usage.get("completion_tokens") or 0))
                    return found
        except RetryError as error:
            with self._lock:
                self.usage.failed.append(str(error.last_attempt.exception()))
        return None


class _TryAgainError(Exception):
    """A failure that may pass."""


def _url() -> str:
    url = os.environ.get("ALLEGEDLY_LLM_URL", "").rstrip("/")
    if not url:
        raise SystemUseError(
            "set ALLEGEDLY_LLM_URL to an OpenAI-compatible endpoint, such as http://localhost:8000/v1 (and ALLEGEDLY_LLM_KEY, if it asks for one)"
        )
    return url


def _cache() -> Path:
    from platformdirs import user_cache_path

    return Path(os.environ.get("ALLEGEDLY_LLM_CACHE") or user_cache_path("allegedly") / "llm")


def _content(answer: Any) -> str | None:
    try:
        content = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
    return content if isinstance(content, str) else None


def _json(content: str | None) -> Any:
    """The JSON object in an answer, fenced or with words around it; None where there is none."""
    if content is None:
        return None
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
