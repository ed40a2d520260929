"""What a balancer asks: whether the process lives, and whether it can take orders."""

import asyncio
from collections.abc import Awaitable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from actors.deps import Deps

_DEADLINE_S = 2.0


async def livez(request: Request) -> Response:  # Starlette wants coroutines
    """Answer 200 as long as the event loop turns."""
    del request
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """Answer 503 without MongoDB only: all else delays orders, and a balancer must not turn them away for it."""
    deps: Deps = request.state.deps
    names = ("mongodb", "redis", "s3")
    checks = (deps.db.ping(), asyncio.to_thread(deps.broker.ping), deps.objects.ping())
    answers = await asyncio.gather(*(_answers(check) for check in checks))
    down = [name for name, answer in zip(names, answers, strict=True) if not answer]
    return JSONResponse({"ready": "mongodb" not in down, "degraded": down}, 503 if "mongodb" in down else 200)


async def _answers(check: Awaitable[None]) -> bool:
    try:
        await asyncio.wait_for(check, _DEADLINE_S)
    except Exception:  # noqa: BLE001  # any failure means the same here: it does not answer
        return False
    return True
