"""Runs the mail server: `python -m infra.local.mail.server INBOX_PORT SMTP_PORT`, the letters in `./maildir`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import jinja2
import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from infra.local.mail.letters import Letter, Letters
from infra.local.ports import HOST
from infra.local.serve import Fault, Faults, control_route, serve

_PAGE = jinja2.Template(Path(__file__).with_name("inbox.html").read_text("utf-8"), autoescape=True)
# A letter's HTML is foreign: its frame, which inherits this, runs no scripts and fetches nothing.
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
_SHOWN = 100


class MailFault(Fault):
    """Answer with `code`, `enhanced` and words instead of 250; with `address`, only to that recipient or sender.

    `at` is the moment: the greeting's answer (`hello`), as the `sender` or the `recipient` is named (the latter is
    usual with an address), at the end of the `letter` (usual without), or once the letter is kept: `lost` cuts the
    line before the answer.
    """

    code: Annotated[int, msgspec.Meta(ge=400, le=599)] = 451
    enhanced: Annotated[str, msgspec.Meta(pattern=r"^([245]\.\d{1,3}\.\d{1,3})?$")] = ""
    address: str | None = None
    at: Literal["hello", "sender", "recipient", "letter", "lost"] | None = None

    def fits(self, moment: str, addresses: list[str]) -> bool:
        """Return whether it is meant for this moment of such a letter."""
        usual = "recipient" if self.address else "letter"
        return (self.at or usual) == moment and self.address in (None, *addresses)

    @property
    def answer(self) -> str:
        """The line that the server says, without a word about whom it is for."""
        return " ".join(filter(None, (str(self.code), self.enhanced, "Fault on request")))


class StrictSMTP(SMTP):
    """The protocol, with the syntax of addresses that servers insist on and aiosmtpd does not."""

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802
        """Refuse dots outside quotation marks where none may stand."""
        local = (arg or "").partition("<")[2].rpartition("@")[0]
        if ".." in f".{local}." and not local.startswith('"'):
            await self.push("553 5.1.3 Bad recipient address syntax")
            return
        await super().smtp_RCPT(arg)


class MailServer:
    """Takes letters by SMTP, through the hooks that aiosmtpd calls, and shows them by HTTP."""

    def __init__(self, letters: Letters, smtp_port: int) -> None:
        self._letters = letters
        self._smtp_port = smtp_port
        self._faults = Faults(MailFault)
        self.routes = [Route("/", self._show_inbox), control_route(self.letters, *self._faults.controls)]

    def letters(self, to: str | None = None) -> list[Letter]:
        """Return all letters, the oldest first; with `to`, only those to that address."""
        return [letter for letter in self._letters.all if to in (None, *letter.recipients)]

    @asynccontextmanager
    async def run(self, _app: Starlette) -> AsyncIterator[None]:
        """Take letters while inside."""
        loop = asyncio.get_running_loop()
        # The host name is given because the default asks the resolver, which may take seconds.
        connect = partial(StrictSMTP, self, hostname="localhost", enable_SMTPUTF8=True, loop=loop)
        server = await loop.create_server(connect, HOST, self._smtp_port)
        yield
        server.close()

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Greet who greets."""
        if fault := self._fault("hello", []):
            return [fault.answer]
        session.host_name = hostname
        return responses

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str
    ) -> str:
        """Greet who greets in the old way."""
        if fault := self._fault("hello", []):
            return fault.answer
        session.host_name = hostname
        return f"250 {server.hostname}"

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender."""
        if fault := self._fault("sender", [address]):
            return fault.answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient."""
        if fault := self._fault("recipient", [address]):
            return fault.answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the letter, then accept it."""
        recipients = [str(address) for address in envelope.rcpt_tos]
        if fault := self._fault("letter", recipients):
            return fault.answer
        lost = self._fault("lost", recipients)
        self._letters.keep(recipients, envelope.original_content or b"")
        if lost and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 OK"

    def _fault(self, moment: str, addresses: list[str]) -> MailFault | None:
        return self._faults.take(lambda fault: fault.fits(moment, addresses))

    async def _show_inbox(self, _request: Request) -> Response:
        """Show the latest letters as a page, the newest first."""
        latest = self._letters.all[-_SHOWN:]
        return HTMLResponse(_PAGE.render(letters=latest[::-1], count=len(self._letters.all)), headers=_POLICY)


if __name__ == "__main__":
    inbox_port, smtp_port = map(int, sys.argv[1:])
    mail = MailServer(Letters(Path("maildir")), smtp_port)
    serve(inbox_port, *mail.routes, lifespan=mail.run)
