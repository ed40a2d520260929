"""An S3 in the hands of a test: over TLS if it is wanted, with what it is told to refuse, and what it was sent."""

import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from infra.local.ports import HOST
from tests.serving import Served

BUCKET = "bucket"


class Sent(NamedTuple):
    """Request as it came."""

    method: str
    key: str
    headers: dict[str, str]
    body: bytes


class Store(Served):
    """Store of one bucket, with as few means as stores may have, and the refusals of the real one.

    To be used as `with Store() as store:`.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        """Speak TLS with that certificate, if there is one."""
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.sent: list[Sent] = []
        #: The status and the code of all answers to a method. A body that is no XML has no code.
        self.refused: dict[str, tuple[int, str]] = {}
        #: Without leave to list the bucket, what is not there is forbidden.
        self.may_list = True
        self._server = _Server((HOST, 0), _Handler)
        self._server.store = self
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if certificate is not None else "http"
        self.url = f"{scheme}://{HOST}:{self._server.server_port}"

    def methods(self, key: str) -> list[str]:
        """Return the methods of the requests for a key, the first one first."""
        return [one.method for one in self.sent if one.key == key]

    def refusal(self, method: str, key: str) -> tuple[int, str] | None:
        """Return the status and code with which a request is refused, or None."""
        if method in self.refused:
            return self.refused[method]
        if not key:
            return None if self.may_list else (403, "AccessDenied")
        if key not in self.objects and method in {"GET", "HEAD"}:
            return (404, "NoSuchKey") if self.may_list else (403, "AccessDenied")
        return None


class _Server(ThreadingHTTPServer):
    store: Store


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_PUT(self) -> None:
        if self._is_taken():
            self.server.store.objects[self._key] = (self._body, self._facts())
            copied = "x-amz-copy-source" in self.headers
            self._answer(200, b"<CopyObjectResult/>" if copied else b"")

    def do_GET(self) -> None:
        if self._is_taken():
            self._answer(200, self.server.store.objects[self._key][0] if self._key else self._listing())

    def do_HEAD(self) -> None:
        if self._is_taken():
            data, facts = self.server.store.objects.get(self._key, (b"", {}))
            self._answer(200, data, **facts)

    def do_DELETE(self) -> None:
        if self._is_taken():
            self.server.store.objects.pop(self._key, None)
            self._answer(204, b"")

    def _is_taken(self) -> bool:
        self._key = unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}").removeprefix("/")
        self._body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.store.sent.append(Sent(self.command, self._key, headers, self._body))
        refusal = self.server.store.refusal(self.command, self._key)
        if refusal is not None:
            status, code = refusal
            self._answer(status, f"<Error><Code>{code}</Code></Error>".encode() if code else b"<html>No.</html>")
        return refusal is None

    def _listing(self) -> bytes:
        prefix = parse_qs(urlsplit(self.path).query).get("prefix", [""])[0]
        keys = [escape(key) for key in self.server.store.objects if key.startswith(prefix)]
        found = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
        return f"<ListBucketResult>{found}<IsTruncated>false</IsTruncated></ListBucketResult>".encode()

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _facts(self) -> dict[str, str]:
        named = [(name.lower(), value) for name, value in self.headers.items()]
        return {name: value for name, value in named if name.startswith("x-amz-meta-")}

    def log_message(self, *_: object) -> None:
        pass
