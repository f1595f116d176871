"""A chat model behind an OpenAI-compatible endpoint: a question in, an answer's text out, kept on disk, and what that took. It knows no task."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allegedly.store import write_atomic
from allegedly.systems import SystemUseError

TRIES = 6


@dataclass
class Usage:
    """What a run took: requests that were sent, answers from the disk, tokens; and what was asked for and not had."""

    requests: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unreadable: int = 0  # answers, with those that never came
    unanswered: int = 0  # items
    quotes_absent: int = 0  # lines
    malformed: int = 0  # lines
    failed: list[str] = field(default_factory=list)

    @property
    def quotes_refused(self) -> int:
        """The lines of which nothing was made."""
        return self.quotes_absent + self.malformed

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
            f"{self.unreadable} unreadable answers", f"{self.unanswered} items without an answer",
            f"{self.quotes_refused} lines refused ({self.quotes_absent} for quotes that are not in the text, {self.malformed} not in the form asked for)",
        ]  # fmt: skip
        return ", ".join([*said, *([f"cost {cost:.4f}"] if cost is not None else [])])


class NoAnswerError(Exception):
    """A question that has no answer that can be read, and why."""


class RefusedError(NoAnswerError):
    """A question that the endpoint does not take, such as a text that is too long for the model."""


class _TryAgainError(NoAnswerError):
    """A failure that may pass."""


class Chat:
    """Asks one model; several threads may share it."""

    def __init__(self, model: str, seed: int = 0) -> None:
        self._model, self._seed = model, seed
        self._lock = threading.Lock()
        self.usage = Usage()

    def count(self, what: str, by: int = 1) -> None:
        """Add to one of the numbers of `usage`."""
        with self._lock:
            setattr(self.usage, what, getattr(self.usage, what) + by)

    def ask(self, messages: list[dict[str, str]]) -> str:
        """What the model says, from the disk where it said it before. NoAnswerError where it says nothing, SystemUseError where no question would do better."""
        body = {
            "model": self._model,
            "messages": messages,
            "temperature": 0,
            "seed": self._seed,
            "response_format": {"type": "json_object"},
        }
        path = _cache() / f"{hashlib.sha256(json.dumps([_url(), body]).encode()).hexdigest()}.json"
        try:
            kept = _content(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError):
            kept = None
        if kept is not None:
            self.count("cached")
            return kept
        try:
            answer = self._post(body)
        except NoAnswerError as error:
            with self._lock:
                self.usage.failed.append(str(error))
            raise
        write_atomic(path, json.dumps(answer).encode())
        return str(_content(answer))

    def _post(self, body: dict[str, Any]) -> Any:
        """The endpoint's answer, tried for until it comes; after the last try, what it failed by."""
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        wait = wait_random_exponential(multiplier=float(os.environ.get("ALLEGEDLY_LLM_WAIT", 1)), max=60)
        again = retry_if_exception_type(_TryAgainError)
        return Retrying(stop=stop_after_attempt(TRIES), wait=wait, retry=again, reraise=True)(self._once, body)

    def _once(self, body: dict[str, Any]) -> Any:
        import httpx

        self.count("requests")
        try:
            answer = asyncio.run(_sent(body))
        except (httpx.HTTPError, TimeoutError) as error:
            raise _TryAgainError(str(error) or type(error).__name__) from None
        status = answer.status_code
        if status in (408, 409, 429) or status >= 500:
            raise _TryAgainError(f"status {status}")
        if status in (400, 413, 422):
            if body.pop("response_format", None):  # not every server knows it
                raise _TryAgainError(f"status {status}")
            raise RefusedError(f"{_url()} answered {status}: {answer.text[:200]}")
        if status >= 400:
            raise SystemUseError(f"{_url()} answered {status}: {answer.text[:200]}")
        try:
            found = answer.json()
        except ValueError:
            raise _TryAgainError("an answer that is no JSON") from None
        if _content(found) is None:
            raise _TryAgainError("an answer without a message")
        for what in ("prompt_tokens", "completion_tokens"):
            self.count(what, _tokens(found.get("usage"), what))
        return found


async def _sent(body: dict[str, Any]) -> Any:
    """One request. The time limit is for the whole of it: httpx's own starts anew with every byte that arrives."""
    import httpx

    key = os.environ.get("ALLEGEDLY_LLM_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    limit = float(os.environ.get("ALLEGEDLY_LLM_TIMEOUT", 120))
    async with httpx.AsyncClient(timeout=None) as client:
        post = client.post(f"{_url()}/chat/completions", json=body, headers=headers)
        try:
            return await asyncio.wait_for(post, limit)
        except TimeoutError:
            raise TimeoutError(f"no whole answer in {limit:g} s") from None


def _url() -> str:
    url = os.environ.get("ALLEGEDLY_LLM_URL", "").rstrip("/")
    if not url.startswith(("http://", "https://")):
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


def _tokens(usage: Any, what: str) -> int:
    """A number of tokens; servers that count none, or say it otherwise, count as 0."""
    found = usage.get(what) if isinstance(usage, dict) else None
    return found if isinstance(found, int) else 0
