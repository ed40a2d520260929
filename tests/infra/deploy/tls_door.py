"""`python -m tests.infra.deploy.tls_door PORT TO CERTIFICATE`: speaks TLS on a port, and hands on to another."""

import asyncio
import ssl
import sys
from contextlib import suppress

from infra.local.ports import HOST


async def main(port: int, to: int, certificate: str) -> None:
    """Serve until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(HOST, to)
        await asyncio.gather(_copy(reader, outer), _copy(inner, writer))

    server = await asyncio.start_server(line, HOST, port, ssl=context)
    await server.serve_forever()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
