"""What the mail server does with a letter: keep it, unless a fault was asked for."""

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.local.mail.faults import Faults
from infra.local.mail.letters import Letters


class Postbox:
    """The hooks that aiosmtpd calls, by the names it gives them."""

    def __init__(self, letters: Letters, faults: Faults) -> None:
        self._letters = letters
        self._faults = faults

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient."""
        if fault := self._faults.take("recipient", [address]):
            return fault.answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the letter, then say so."""
        recipients = [str(address) for address in envelope.rcpt_tos]
        if fault := self._faults.take("letter", recipients):
            return fault.answer
        lost = self._faults.take("lost", recipients)
        letter = self._letters.keep(envelope.mail_from or "", recipients, envelope.original_content or b"")
        if lost and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return f"250 2.0.0 OK {letter.id}"
