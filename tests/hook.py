"""The operators' webhook in the hands of a test."""

import json
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.local.ports import HOST
from tests.serving import Served


class Hook(Served):
    """Webhook that keeps each post, and answers 204, or the status it is told to.

    To be used as `with Hook() as hook:`. Its address holds a secret, as those of chat services do.
    """

    def __init__(self) -> None:
        """Take everything."""
        self.posts: list[dict[str, Any]] = []
        #: The status of every answer about an order; 0 hangs up instead.
        self.answers: dict[str, int] = {}
        self.secret = uuid.uuid4().hex
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self.url = f"http://{HOST}:{self._server.server_port}/alerts/{self.secret}"

    def posted(self, order: str) -> int:
        """Return the number of posts about an order."""
        return sum(post["order"] == order for post in self.posts)


def _handler(hook: Hook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            post = json.loads(self.rfile.read(int(self.headers["content-length"])))
            hook.posts.append(post)
            if status := hook.answers.get(post["order"], 204):
                self.send_response(status)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
