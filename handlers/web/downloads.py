"""GET /orders/{token}/reports/{product}.pdf: from our own link to a fresh one of S3."""

import asyncio

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actors.catalogue import PRODUCTS
from actors.deps import Deps
from handlers.web.lookup import order_of
from storage.reports import find_report, note_download, report_id

log = structlog.get_logger()

_DEADLINE_S = 5.0


async def download_report(request: Request) -> Response:
    """Redirect to a download that works for five minutes; 404 for a link that is not ours or names nothing yet."""
    deps: Deps = request.state.deps
    product = request.path_params["product"]
    async with asyncio.timeout(_DEADLINE_S):
        order = await order_of(request)
        report = await find_report(deps.db, report_id(order["_id"], product))
        if report is None or not report["pdf"]:
            raise HTTPException(404, "There is no such report.\n")
        await note_download(deps.db, report["_id"], deps.clock.now())
        log.info("report_downloaded", order=order["_id"], product=product)
        url = await deps.objects.link(report["pdf"]["object"], f"{PRODUCTS[product].title}.pdf")
    return RedirectResponse(url, 302, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
