"""Serving of a test's own servers, each on a thread of its own."""

import threading
from socketserver import BaseServer
from typing import Self


class Served:
    """Server that serves inside a `with` block. `_server` is set by the subclass."""

    _server: BaseServer

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
