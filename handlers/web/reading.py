"""GET /orders/{token}/reports/{product}/read, …/read/{part} and ….epub: a finished report for screens.

They are made when they are asked for, from the texts that MongoDB has. Nothing is kept, changed or counted.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from actors.reports.reading import Reading, open_reading
from handlers.web.downloads import REPORT_DEADLINE_S, ask_to_wait, find_finished, nothing
from handlers.web.page import page
from handlers.web.requests import is_of_gift, is_of_report
from infra.book.decoration import night, palette
from infra.book.words import direction, language_tag, words
from infra.logs import log
from infra.reading import Part, Places, part_html, places_of, write_epub
from storage.objects import attachment


async def read_contents(request: Request) -> Response:
    """Show a report's parts and sections, each with a link to its text."""
    async with asyncio.timeout(REPORT_DEADLINE_S):
        opened = await _open(request)
    return opened if isinstance(opened, Response) else _page(request, opened, "read_contents.html")


async def read_part(request: Request) -> Response:
    """Show one part, with links to those before and after it. 404 for a number that no part has."""
    async with asyncio.timeout(REPORT_DEADLINE_S):
        opened = await _open(request)
        if isinstance(opened, Response):
            return opened
        numbers = {str(number): number for number in range(1, len(opened.parts) + 1)}
        number = numbers.get(request.path_params["part"])
        if number is None:
            raise nothing()
        part, contents = await opened.part(number - 1), f"{_path(request)}/read"
        places = _places(opened.parts, contents)
        text = await asyncio.to_thread(part_html, part, opened.book.style, places, contents)
    return _page(request, opened, "read_part.html", number=number, text=text)


async def download_epub(request: Request) -> Response:
    """Answer with the whole report as an EPUB, to be kept and read anywhere. HEAD is answered without one."""
    async with asyncio.timeout(REPORT_DEADLINE_S):
        opened = await _open(request)
        if isinstance(opened, Response):
            return opened
        file = b""
        if request.method != "HEAD":
            parts = await opened.whole()
            file = await asyncio.to_thread(write_epub, opened.book, parts, opened.identifier, opened.stored_at)
            log.info("epub_downloaded", order=opened.order["_id"], product=opened.product)
    headers = {"Content-Disposition": attachment(f"{opened.book.title}.epub")}
    return Response(file, media_type="application/epub+zip", headers=headers)


async def _open(request: Request) -> Reading | Response:
    """Return the report that the path names, or a page that says why it cannot be read. 404 if there is none."""
    found = await find_finished(request)
    if isinstance(found, Response):
        return found
    order, report, _ = found
    opened = await open_reading(request.state.deps, order, report)
    return opened or ask_to_wait(request, order, report, printing=order["failed_at"] is None)


def _page(request: Request, opened: Reading, template: str, **facts: object) -> Response:
    """Return a page of a report in its colours and its language."""
    style, path = opened.book.style, _path(request)
    language = language_tag(style.language)
    return page(
        request,
        template,
        200,
        about=opened.order,
        book=opened.book,
        parts=opened.parts,
        places=_places(opened.parts, f"{path}/read"),
        path=path,
        order_page=None if is_of_report(request) else path.rpartition("/reports/")[0],
        gift="gift" in opened.order,
        of_gift=is_of_gift(request),
        language=language,
        direction=direction(language),
        words=words(language),
        light=palette(style),
        dark=night(style),
        **facts,
    )


def _path(request: Request) -> str:
    """Return the path of the report that a request is about, whatever of it is asked for."""
    return f"{request.url.path.partition('/reports/')[0]}/reports/{request.path_params['product']}"


def _places(parts: list[Part], contents: str) -> Places:
    """Return the path of each part and section by its anchor, given that of the contents."""
    return places_of(parts, [f"{contents}/{number}" for number, _ in enumerate(parts, start=1)])
