"""GET /orders/{token}/reports/{product}.pdf: a redirect from our own link to a fresh one of S3.

HEAD, with which mail scanners look at links, is no download: it is answered with the PDF's facts, and not counted.
"""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actors.deps.accounts import watching_accounts
from actors.deps.process import Deps
from actors.orders.hindrances import withheld_for
from actors.products.catalogue import title_of
from actors.reports.lost_books import ask_for_reprint
from handlers.web.page import page
from handlers.web.requests import is_of_gift, is_of_report, order_of_report
from infra.errors import TransientError
from infra.logs import log
from storage.order_state import Withheld
from storage.records.orders import Order
from storage.records.work import Pdf, Report
from storage.reports import find_report, note_download, report_id

REPORT_DEADLINE_S, _STORE_S = 8.0, 3.0
#: Seconds after which a waiting page looks again: for a PDF that is being printed, and for a store that is away.
_PRINTED_IN_S, _MENDED_IN_S = 5, 60


async def download_report(request: Request) -> Response:
    """Redirect to a download that works for five minutes. 404 for a link that is not ours or names no PDF yet.

    It is 404 as well, with a page that says why, for an order whose reports are withheld.
    A PDF that S3 has lost is printed again. The answer is 503 with a page that says so, as it is while S3 does
    not answer.
    """
    deps: Deps = request.state.deps
    async with asyncio.timeout(REPORT_DEADLINE_S):
        found = await find_finished(request)
        if isinstance(found, Response):
            return found
        order, report, pdf = found
        try:
            async with watching_accounts(deps, f"download {report['_id']}"), asyncio.timeout(_STORE_S):
                there = await deps.objects.exists(pdf["object"])
        except (TransientError, TimeoutError):
            return ask_to_wait(request, order, report, printing=False)
        if there:
            return _facts(pdf) if request.method == "HEAD" else await _redirect(deps, report, pdf)
        if order["stopped"]:
            raise nothing()
        if report["state"] == "stored":
            await ask_for_reprint(deps, order["_id"])
        return ask_to_wait(request, order, report, printing=order["failed_at"] is None)


async def find_finished(request: Request) -> tuple[Order, Report, Pdf] | Response:
    """Return the finished report that the path names, with its order, or a page that says why it is withheld.

    HTTPException 404 for a link that is not ours or names no finished report.
    """
    deps: Deps = request.state.deps
    order = await order_of_report(request)
    if withheld := withheld_for(deps, order):
        return withhold(request, order, withheld)
    report = await find_report(deps.db, report_id(order["_id"], request.path_params["product"]))
    if report is None or report["pdf"] is None:
        raise nothing()
    return order, report, report["pdf"]


def _facts(pdf: Pdf) -> Response:
    headers = {"Content-Length": str(pdf["bytes"]), "Cache-Control": "no-store"}
    return Response(media_type="application/pdf", headers=headers)


async def _redirect(deps: Deps, report: Report, pdf: Pdf) -> Response:
    await note_download(deps.db, report["_id"], deps.clock.now())
    log.info("report_downloaded", order=report["order"], product=report["product"])
    url = await deps.objects.link(pdf["object"], f"{title_of(report['product'])}.pdf")
    return RedirectResponse(url, 302)


def withhold(request: Request, order: Order, withheld: Withheld) -> Response:
    """Answer with a page that says why an order's reports are handed out to nobody.

    The recipient of a gift, and whoever has the link of one report, hears no reason.
    """
    product, reason = order["product"], str(withheld)
    if is_of_gift(request):
        reason = "gift"
    elif is_of_report(request):
        product, reason = request.path_params["product"], "report"
    title = title_of(product)
    return page(request, "withheld.html", 404, about=order, title=title, withheld=reason)


def ask_to_wait(request: Request, order: Order, report: Report, *, printing: bool) -> Response:
    """Answer with a page that looks again by itself, also where scripts do not run."""
    seconds = _PRINTED_IN_S if printing else _MENDED_IN_S
    title = title_of(report["product"])
    answer = page(request, "waiting.html", 503, about=order, title=title, printing=printing)
    answer.headers.update({"Retry-After": str(seconds), "Refresh": str(seconds)})
    return answer


def nothing() -> HTTPException:
    """Return the answer to a link that names no finished report."""
    return HTTPException(404, "There is no such report.\n")
