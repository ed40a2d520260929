"""A gate before S3: it counts what goes through, and holds a request of a test's choice."""

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from infra.local.ports import HOST

#: Of answers, what the gate says itself.
_OWN_WORDS = {"connection", "content-length", "date", "server", "transfer-encoding"}


class Call(NamedTuple):
    """One request to S3: `PUT`, `GET`, `HEAD` …, or `COPY`, and the key of its object."""

    kind: str
    key: str


@dataclass
class Trap:
    """Holds the first request that fits but `skipped`: before S3 sees it, or when S3 has `obeyed` it.

    `sprung` is set as soon as that is so; whoever sets `opened` lets it go on.
    """

    fits: Callable[[Call], bool]
    obeyed: bool
    skipped: int
    sprung: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)


class Gate:
    """Listens as long as the `with` block lasts; `url` is S3's for whoever is to go through."""

    def __init__(self, store: str) -> None:
        """Stand before the store at that URL."""
        #: Which requests' lines are cut before S3 sees them.
        self.cuts: Callable[[Call], bool] = lambda _: False
        self.store = urlsplit(store).netloc
        self.calls: list[Call] = []
        self.closed = False
        self._traps: list[Trap] = []
        self._held: list[Trap] = []
        self._lock = threading.Lock()
        self._server = _Server((HOST, 0), type("Passage", (_Passage,), {"gate": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://{HOST}:{self._server.server_port}"

    def trap(self, fits: Callable[[Call], bool], *, obeyed: bool, skipped: int = 0) -> Trap:
        """Set a trap."""
        trap = Trap(fits, obeyed, skipped)
        self._traps.append(trap)
        return trap

    def note(self, call: Call) -> Trap | None:
        """Count a request, and return the trap that it falls into."""
        with self._lock:
            self.calls.append(call)
            trap = next((trap for trap in self._traps if trap.fits(call)), None)
            if trap is None:
                return None
            if trap.skipped:
                trap.skipped -= 1
                return None
            self._traps.remove(trap)
            self._held.append(trap)
            return trap

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True
        for trap in self._held:
            trap.opened.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of lines that a killed process leaves behind."""


class _Passage(BaseHTTPRequestHandler):
    """One connection through the gate."""

    gate: Gate
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        kind = "COPY" if "x-amz-copy-source" in self.headers else self.command
        # The path is the bucket, then the key.
        call = Call(kind, self.path.partition("?")[0].split("/", 2)[-1])
        if self.gate.cuts(call):
            self.close_connection = True
            return
        trap = self.gate.note(call)
        if trap and not trap.obeyed and not self._held(trap):
            return
        store = http.client.HTTPConnection(self.gate.store, timeout=30)
        store.request(self.command, self.path, body, dict(self.headers))
        answer = store.getresponse()
        data = answer.read()
        store.close()
        if trap and trap.obeyed and not self._held(trap):
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OWN_WORDS:
                self.send_header(name, value)
        length = answer.getheader("content-length", "0") if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(data)

    def _held(self, trap: Trap) -> bool:
        """Wait until the trap is opened; False if the gate is closed instead, and nobody waits for an answer."""
        trap.sprung.set()
        trap.opened.wait(120)
        self.close_connection = self.gate.closed
        return not self.gate.closed

    def do_GET(self) -> None:
        self._pass()

    def do_HEAD(self) -> None:
        self._pass()

    def do_PUT(self) -> None:
        self._pass()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
