"""Run the mail server: `python -m infra.local.mail --http-port P --smtp-port P --maildir FOLDER`."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiosmtpd.smtp import SMTP
from starlette.applications import Starlette

from infra.local.mail.faults import Faults
from infra.local.mail.inbox import Inbox
from infra.local.mail.letters import Letters
from infra.local.mail.postbox import Postbox
from infra.local.ports import HOST
from infra.local.serve import serve


def main() -> None:
    """Take letters by SMTP and show them by HTTP until SIGTERM."""
    parser = argparse.ArgumentParser(prog="infra.local.mail", description=__doc__)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--maildir", type=Path, required=True)
    given = parser.parse_args()
    letters, faults = Letters(given.maildir), Faults()
    postbox = Postbox(letters, faults)

    @asynccontextmanager
    async def take_letters(_app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        # The host name is given because the default asks the resolver, which may take seconds.
        server = await loop.create_server(
            lambda: SMTP(postbox, hostname="localhost", enable_SMTPUTF8=True, loop=loop),
            HOST,
            given.smtp_port,
        )
        yield
        server.close()

    serve(Starlette(routes=Inbox(letters, faults).routes, lifespan=take_letters), given.http_port)


if __name__ == "__main__":
    main()
