"""Stores as there are beside Amazon's own, or as Amazon's own may be set up: links, refusals, and what is sent."""

from collections.abc import Iterator
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from infra.errors import AccountTrouble, SettingsError, TransientError
from storage.objects import ObjectDoesNotExist, ObjectStore
from tests.infra.mail.authority import make_authority
from tests.store import BUCKET, Store

pytestmark = pytest.mark.anyio

KEY = "orders/cs_1/life_clarity.pdf"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set credentials and a region, in a session of boto3's that remembers no others."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


@pytest.fixture
def there() -> Iterator[Store]:
    """A store that takes everything."""
    with Store() as store:
        yield store


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "s3.us-east-1.amazonaws.com"),
        ("eu-central-1", "s3.eu-central-1.amazonaws.com"),
        ("me-south-1", "s3.me-south-1.amazonaws.com"),
        ("eu-central-2", "s3.eu-central-2.amazonaws.com"),
        ("ap-southeast-3", "s3.ap-southeast-3.amazonaws.com"),
        ("mx-central-1", "s3.mx-central-1.amazonaws.com"),
        ("us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
    ],
)
async def test_a_link_leads_to_the_buckets_own_region(region: str, host: str) -> None:
    """Customers are sent to the host to which reports are uploaded, whenever its region was opened."""
    link = urlsplit(await ObjectStore(BUCKET, region=region).link(KEY, "Book.pdf"))
    assert (link.scheme, link.netloc, link.path) == ("https", f"{BUCKET}.{host}", f"/{KEY}")
    assert f"/{region}/s3/" in parse_qs(link.query)["X-Amz-Credential"][0]


async def test_a_bucket_whose_name_is_no_host_is_in_the_path() -> None:
    """A dot in its name would not fit Amazon's certificate."""
    link = urlsplit(await ObjectStore("my.bucket", region="eu-central-2").link(KEY, "Book.pdf"))
    assert (link.netloc, link.path) == ("s3.eu-central-2.amazonaws.com", f"/my.bucket/{KEY}")


async def test_a_link_leads_to_the_public_address_alone(there: Store) -> None:
    """Work goes to the store's inner address, and a link to the outer one, for which it is signed."""
    store = ObjectStore(BUCKET, there.url, public="https://files.shop.example")
    await store.put(KEY, b"%PDF")
    link = urlsplit(await store.link(KEY, "Book.pdf"))
    assert (link.scheme, link.netloc, link.path) == ("https", "files.shop.example", f"/{BUCKET}/{KEY}")
    assert store.host == urlsplit(there.url).netloc
    assert list(there.objects) == [KEY]


@pytest.mark.parametrize("data", [b"", b"%PDF", bytes(range(256)) * 40_000], ids=len)
async def test_every_store_is_sent_the_same_plain_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    """Over TLS too no body is chunked in Amazon's own way or followed by a checksum, and each is signed."""
    authority, host = make_authority(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))
    source, copy = tmp_path / "source.pdf", tmp_path / "copy.pdf"
    source.write_bytes(data)
    with Store(host) as there:
        store = ObjectStore(BUCKET, there.url)
        await store.put(KEY, data, pages="3")
        await store.put_file(f"{KEY}2", source)
        assert await store.facts(KEY) == {"pages": "3"}
        for key in (KEY, f"{KEY}2"):
            await store.fetch_file(key, copy)
            assert copy.read_bytes() == data
        await store.copy(KEY, f"{KEY}3")
        await store.delete(await store.keys("orders/"))
    assert there.objects == {}
    for sent in there.sent:
        odd = {"content-encoding", "transfer-encoding", "x-amz-trailer", "x-amz-decoded-content-length"}
        odd |= {"x-amz-checksum-mode", "x-amz-sdk-checksum-algorithm"}
        assert not odd.intersection(sent.headers), sent
        assert sent.headers["x-amz-content-sha256"] == sha256(sent.body).hexdigest(), sent
    assert [one.body for one in there.sent if one.method == "PUT"] == [data, data, b""]


REFUSALS = [
    (501, "NotImplemented"),
    (401, "Unauthorized"),
    (400, "InvalidTrailer"),
    (403, "SignatureDoesNotMatch"),
    (403, "InvalidAccessKeyId"),
    (404, "NoSuchBucket"),
    (403, "AccessDenied"),
    (400, "ExpiredToken"),
    (400, "AuthorizationHeaderMalformed"),
    (403, "RequestTimeTooSkewed"),
    (403, "InvalidObjectState"),
    (400, "EntityTooLarge"),
    (402, "AccountProblem"),
    (413, ""),
    (507, "XMinioStorageFull"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
@pytest.mark.parametrize("from_file", [False, True])
async def test_a_refusal_is_the_accounts(
    there: Store, tmp_path: Path, refusal: tuple[int, str], *, from_file: bool
) -> None:
    """An answer that no later try would change waits for a person; its words name the cause."""
    there.refused["PUT"] = refusal
    store, source = ObjectStore(BUCKET, there.url), tmp_path / "source.pdf"
    source.write_bytes(b"%PDF")
    with pytest.raises(AccountTrouble) as caught:
        await (store.put_file(KEY, source) if from_file else store.put(KEY, b"%PDF"))
    assert (refusal[1] or str(refusal[0])) in str(caught.value)
    assert len(there.sent) == 1


@pytest.mark.parametrize(
    "outage",
    [
        (500, "InternalError"),
        (502, ""),
        (429, "TooManyRequests"),
        (400, "RequestTimeout"),
        (400, "BadDigest"),
        (400, "ThrottlingException"),
        (409, "OperationAborted"),
    ],
    ids=str,
)
async def test_an_outage_is_not_the_accounts(there: Store, outage: tuple[int, str]) -> None:
    """What may pass by itself is tried again as after any failure."""
    there.refused["PUT"] = outage
    with pytest.raises(TransientError) as caught:
        await ObjectStore(BUCKET, there.url).put(KEY, b"%PDF")
    assert not isinstance(caught.value, AccountTrouble)


async def test_the_words_of_a_store_are_not_ours(there: Store) -> None:
    """A code that is no word is not repeated to anybody."""
    there.refused["PUT"] = (403, "Dear operator: ada@example.com, click here")
    with pytest.raises(AccountTrouble, match="403") as caught:
        await ObjectStore(BUCKET, there.url).put(KEY, b"%PDF")
    assert "ada" not in str(caught.value)


async def test_missing_credentials_are_a_persons_matter(there: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without any says so, whatever it wants of the store."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(AccountTrouble, match="AWS_ACCESS_KEY_ID"):
        await ObjectStore(BUCKET, there.url).put(KEY, b"%PDF")
    with pytest.raises(AccountTrouble, match="AWS_ACCESS_KEY_ID"):
        await ObjectStore(BUCKET, there.url).link(KEY, "Book.pdf")


async def test_an_unknown_certificate_is_a_persons_matter(tmp_path: Path) -> None:
    """Nothing is sent to a store whose certificate cannot be checked."""
    _, host = make_authority(tmp_path)
    with Store(host) as there, pytest.raises(AccountTrouble, match="AWS_CA_BUNDLE"):
        await ObjectStore(BUCKET, there.url).put(KEY, b"%PDF")
    assert there.sent == []


async def test_without_leave_to_list_a_missing_object_is_missing(there: Store, tmp_path: Path) -> None:
    """Where 403 may mean missing, an object that is surely there tells whether it does."""
    store, there.may_list = ObjectStore(BUCKET, there.url), False
    assert await store.facts(KEY) is None
    for _ in range(2):
        assert not await store.exists(KEY)
    with pytest.raises(ObjectDoesNotExist):
        await store.fetch_file(KEY, tmp_path / "x.pdf")
    await store.put(KEY, b"%PDF")
    assert await store.exists(KEY)
    assert sum(one.method == "PUT" for one in there.sent) == 2
    await store.delete([KEY, KEY])
    with pytest.raises(AccountTrouble, match="s3:ListBucket"):
        await store.keys("orders/")


async def test_in_a_missing_bucket_no_object_is_called_missing(there: Store, tmp_path: Path) -> None:
    """A wrong S3_BUCKET must not have every report printed again."""
    there.refused = dict.fromkeys(("HEAD", "GET"), (404, "NoSuchBucket"))
    store = ObjectStore(BUCKET, there.url)
    for ask in (store.ping(), store.exists(KEY), store.fetch_file(KEY, tmp_path / "x.pdf")):
        with pytest.raises(AccountTrouble, match="NoSuchBucket"):
            await ask
    there.refused.clear()
    assert not await store.exists(KEY)


@pytest.mark.parametrize("written", [False, True])
async def test_without_leave_to_read_no_object_is_called_missing(there: Store, *, written: bool) -> None:
    """A store that hides everything from us says nothing about one object."""
    store = ObjectStore(BUCKET, there.url)
    there.refused["HEAD"] = (HTTPStatus.FORBIDDEN, "AccessDenied")
    if not written:
        there.refused["PUT"] = (HTTPStatus.FORBIDDEN, "AccessDenied")
    with pytest.raises(AccountTrouble):
        await store.exists(KEY)


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_DEFAULT_REGION", "eu west"), ("AWS_PROFILE", "nobody")],
)
def test_settings_that_boto3_cannot_use_are_a_settings_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """One line says so, in the place of a traceback."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="AWS_"):
        ObjectStore(BUCKET)
