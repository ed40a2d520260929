"""A webhook endpoint that answers as told and keeps what it was sent."""

import queue
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.serving import Served


class Shop(Served):
    """Listens on a port; `answers` are given first, then 200."""

    def __init__(self, port: int) -> None:
        self.answers: list[int] = []
        self.received: queue.Queue[tuple[bytes, str]] = queue.Queue()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                shop.received.put((body, self.headers["stripe-signature"]))
                self.send_response(shop.answers.pop(0) if shop.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)

    def next(self) -> tuple[bytes, str]:
        """The next body and signature to arrive."""
        return self.received.get(timeout=15)
