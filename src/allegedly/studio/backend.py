"""Our own ML backend: any registered system as predictions in Label Studio. Loopback, small bodies, no secrets kept.

Label Studio sends the project owner's token with every /setup and in webhooks: neither is read, logged or stored.
A system that fails or is slow gives no prediction, so that the annotator never waits for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from allegedly.annotate import article_of
from allegedly.schema import Article, Attribution
from allegedly.studio import convert
from allegedly.studio.labelling import TEXT

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

BODY_LIMIT = 8 << 20
PATIENCE = 20.0  # seconds; Label Studio itself gives up after 100
Predict = Callable[[Sequence[Article]], Mapping[str, Sequence[Attribution]]]
logger = logging.getLogger("allegedly.studio.backend")


class TooLargeError(ValueError):
    """A body over the limit."""


def application(predict: Predict, version: str, patience: float = PATIENCE, limit: int = BODY_LIMIT) -> Starlette:
    """The backend as an ASGI application. `predict` gives attributions by article id; `version` names the system."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="predict")

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "UP", "model_class": version})

    async def setup(request: Request) -> JSONResponse:
        await _body(request, limit)  # it holds a token: read to its end, and forgotten
        return JSONResponse({"model_version": version})

    async def versions(_: Request) -> JSONResponse:
        return JSONResponse({"versions": [version]})

    async def webhook(request: Request) -> JSONResponse:
        await _body(request, limit)
        return JSONResponse({"status": "ok"})

    async def answer(request: Request) -> JSONResponse:
        tasks = json.loads(await _body(request, limit)).get("tasks")
        if not isinstance(tasks, list):
            return JSONResponse({"error": "expected a list of tasks"}, 400)
        loop = asyncio.get_running_loop()
        results = []
        for task in tasks:
            try:
                made = loop.run_in_executor(workers, prediction, task, predict)
                results.append(await asyncio.wait_for(made, patience))
            except Exception as error:
                logger.warning("task %s: no prediction (%s)", _id(task), type(error).__name__)
                results.append({"result": [], "score": 0.0, "model_version": version})
                continue
            results[-1]["model_version"] = version
        return JSONResponse({"results": results})

    def too_large(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 413)

    def no_json(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse({"error": "expected a JSON object"}, 400)

    return Starlette(
        routes=[
            Route("/", health),
            Route("/health", health),
            Route("/setup", setup, methods=["POST"]),
            Route("/predict", answer, methods=["POST"]),
            Route("/webhook", webhook, methods=["POST"]),
            Route("/versions", versions),
        ],
        exception_handlers={TooLargeError: too_large, ValueError: no_json, AttributeError: no_json},
    )


async def _body(request: Request, limit: int) -> bytes:
    """The body, read in pieces: a large one is refused before it is held."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLargeError(f"the body is over {limit} bytes")
        parts.append(part)
    return b"".join(parts)


def _id(task: Any) -> Any:
    return task.get("id") if isinstance(task, Mapping) else None


def prediction(task: Mapping[str, Any], predict: Predict) -> dict[str, Any]:
    """The prediction of one task."""
    article = article_of(str(task["data"].get("article_id") or "article"), str(task["data"][TEXT]))
    return {"result": convert.results(article, predict([article]).get(article.id, ())), "score": 1.0}


def serve(predict: Predict, version: str, port: int, host: str = "127.0.0.1") -> None:
    """Serve until interrupted. Requests are not logged: their paths tell nothing, their bodies hold tokens."""
    import uvicorn

    uvicorn.run(application(predict, version), host=host, port=port, log_level="warning", access_log=False)
