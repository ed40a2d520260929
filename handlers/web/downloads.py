"""GET /orders/{token}/reports/{product}.pdf: from our own link to a fresh one of S3."""

import asyncio

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from actors.catalogue import PRODUCTS
from actors.deps import Deps
from infra.errors import TransientError
from infra.links import Links
from storage.orders import find_order_by_token
from storage.reports import find_report, report_id

log = structlog.get_logger()

_DEADLINE_S = 5.0


async def download_report(request: Request) -> Response:
    """Redirect to a download that works for five minutes; 404 for a link that is not ours or names nothing yet."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            url = await _presigned(
                request.state.deps, request.path_params["token"], request.path_params["product"]
            )
    except (TransientError, TimeoutError):
        return PlainTextResponse("Please try again in a minute.\n", 503, headers={"Retry-After": "60"})
    if url is None:
        return PlainTextResponse("There is no such report.\n", 404)
    return RedirectResponse(url, 302, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


async def _presigned(deps: Deps, signed: str, product: str) -> str | None:
    token = Links(deps.settings).read(signed)
    order = await find_order_by_token(deps.db, token) if token else None
    report = await find_report(deps.db, report_id(order["_id"], product)) if order else None
    if report is None or not report["pdf"]:
        return None
    log.info("report_downloaded", order=report["order"], product=product)
    return await deps.objects.link(report["pdf"]["object"], f"{PRODUCTS[product].title}.pdf")
