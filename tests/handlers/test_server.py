"""How the web process serves."""

import asyncio
import gc
import socket

import pytest
import uvicorn
from starlette.applications import Starlette

from handlers.web.server import WebServer

pytestmark = pytest.mark.anyio


async def test_what_was_imported_is_left_out_of_collections() -> None:
    """A full collection would look through all of it, and nothing be answered for that long, /livez neither."""
    ready = asyncio.Event()
    server = WebServer(uvicorn.Config(Starlette(), log_config=None), ready.set)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        await asyncio.wait_for(ready.wait(), 10)
        left_out, looked_through = gc.get_freeze_count(), len(gc.get_objects())
        gc.unfreeze()
        server.should_exit = True
        await serving
    assert left_out > 10 * looked_through
