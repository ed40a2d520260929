"""The object store over S3's own protocol, and a server that sends what nobody has stored."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from infra.local.ports import HOST
from infra.local.stack import Stack
from storage.objects import ObjectDoesNotExist, ObjectStore, StoreIsDown, StoreRefusesUs
from tests import plain_http

pytestmark = pytest.mark.anyio

#: More than is read at once, and no multiple of it.
_LONG = b"%PDF " + bytes(range(256)) * 10_000


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> None:
    """What boto3 reads from the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, stack.env[name])


@pytest.fixture
def store(credentials: None, stack: Stack) -> ObjectStore:
    """The stack's bucket."""
    del credentials
    return ObjectStore(stack.env["S3_BUCKET"], stack.env["AWS_ENDPOINT_URL_S3"])


@pytest.fixture
def broken_store(credentials: None) -> Iterator[ObjectStore]:
    """A store whose objects are shorter than their headers say."""
    del credentials
    server = ThreadingHTTPServer((HOST, 0), _Damages)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield ObjectStore("bucket", f"http://{HOST}:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


class _Damages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "8")
        self.end_headers()
        self.wfile.write(b"%PDF")

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("data", [b"", b"%PDF", _LONG], ids=len)
async def test_what_was_put_is_fetched(store: ObjectStore, tmp_path: Path, data: bytes) -> None:
    """An object comes back byte by byte, however it was stored and however long it is."""
    source, copy = tmp_path / "source.pdf", tmp_path / "copy.pdf"
    source.write_bytes(data)
    await store.put("test/put.pdf", data)
    await store.put_file("test/put_file.pdf", source)
    for key in ("test/put.pdf", "test/put_file.pdf"):
        await store.fetch_file(key, copy)
        assert copy.read_bytes() == data


async def test_a_missing_object_is_a_fact(store: ObjectStore, tmp_path: Path) -> None:
    """What nobody has stored cannot be fetched, ever."""
    assert not await store.exists("test/nothing.pdf")
    with pytest.raises(ObjectDoesNotExist):
        await store.fetch_file("test/nothing.pdf", tmp_path / "nothing.pdf")


async def test_a_damaged_object_is_an_outage(broken_store: ObjectStore, tmp_path: Path) -> None:
    """A body that ends before its announced length is not taken for what was stored."""
    with pytest.raises(StoreIsDown):
        await broken_store.fetch_file("test/half.pdf", tmp_path / "damaged.pdf")


async def test_a_missing_bucket_is_a_persons_matter(credentials: None, stack: Stack, tmp_path: Path) -> None:
    """Neither way to store something takes a wrong bucket for an outage."""
    del credentials
    store, source = ObjectStore("no-such-bucket", stack.env["AWS_ENDPOINT_URL_S3"]), tmp_path / "source.pdf"
    source.write_bytes(b"%PDF")
    with pytest.raises(StoreRefusesUs, match="NoSuchBucket"):
        await store.put("test/one.pdf", b"%PDF")
    with pytest.raises(StoreRefusesUs, match="NoSuchBucket"):
        await store.put_file("test/one.pdf", source)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Life Clarity.pdf", "Life Clarity.pdf"),
        ("تقرير الحياة.pdf", "_____ ______.pdf"),
        ('"A\\B";\r\nX-Odd: 1.pdf', "_A_B_;__X-Odd: 1.pdf"),
    ],
    ids=["latin", "arabic", "hostile"],
)
async def test_a_download_has_the_name_of_its_report(store: ObjectStore, name: str, plain: str) -> None:
    """Whatever a report is called, its file is named so, and programs that know ASCII alone have a name too."""
    await store.put("named", b"%PDF")
    answer = plain_http.get(await store.link("named", name))
    shown = answer.headers["content-disposition"]
    assert (answer.content, shown.partition("; filename*=")[0]) == (b"%PDF", f'attachment; filename="{plain}"')
    assert unquote(shown.rpartition("UTF-8''")[2]) == name
