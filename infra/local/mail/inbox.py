"""The inbox: the letters as pages for people and as JSON for programs, and a door for faults."""

from pathlib import Path

import jinja2
import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from infra.local.mail.faults import Fault, Faults
from infra.local.mail.letters import Letters

_pages = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)

# A letter's HTML is somebody else's: no scripts, no fetches; its links open in a tab of their own.
_LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'self'"
)
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"


class Inbox:
    """The endpoints of the inbox."""

    def __init__(self, letters: Letters, faults: Faults) -> None:
        self._letters = letters
        self._faults = faults

    @property
    def routes(self) -> list[Route]:
        """The endpoints with their paths."""
        return [
            Route("/", self.show_list),
            Route("/messages", self.list_messages),
            Route("/messages/{id}", self.show_letter),
            Route("/messages/{id}/html", self.show_html),
            Route("/faults", self.list_faults, methods=["GET"]),
            Route("/faults", self.add_fault, methods=["POST"]),
            Route("/faults", self.clear_faults, methods=["DELETE"]),
        ]

    async def show_list(self, _request: Request) -> Response:
        """All letters, the newest first, as a page."""
        return _page("inbox.html", letters=self._letters.all()[::-1])

    async def list_messages(self, request: Request) -> Response:
        """All letters, the oldest first, as JSON; `?to=` only those to an address."""
        to = request.query_params.get("to")
        chosen = [letter for letter in self._letters.all() if to is None or to in letter.recipients]
        return JSONResponse(msgspec.to_builtins(chosen))

    async def show_letter(self, request: Request) -> Response:
        """One letter as a page."""
        letter = self._letters.get(request.path_params["id"])
        return _page("letter.html", letter=letter) if letter else _not_found()

    async def show_html(self, request: Request) -> Response:
        """The HTML part of a letter alone, locked up."""
        letter = self._letters.get(request.path_params["id"])
        if letter is None:
            return _not_found()
        return HTMLResponse(
            '<!doctype html><base target="_blank">' + letter.html,
            headers={"Content-Security-Policy": _LETTER_POLICY},
        )

    async def list_faults(self, _request: Request) -> Response:
        """The faults still to come."""
        return JSONResponse(msgspec.to_builtins(self._faults.all()))

    async def add_fault(self, request: Request) -> Response:
        """Ask for a fault: the fields of `Fault` as JSON."""
        try:
            self._faults.add(msgspec.json.decode(await request.body(), type=Fault))
        except msgspec.MsgspecError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return await self.list_faults(request)

    async def clear_faults(self, request: Request) -> Response:
        """Ask for no more faults."""
        self._faults.clear()
        return await self.list_faults(request)


def _page(template: str, **values: object) -> Response:
    page = _pages.get_template(template).render(**values)
    return HTMLResponse(page, headers={"Content-Security-Policy": _PAGE_POLICY})


def _not_found() -> Response:
    return HTMLResponse("<h1>No such letter</h1>", status_code=404)
