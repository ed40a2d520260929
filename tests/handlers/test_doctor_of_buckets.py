"""`pressroom doctor` on the bucket: what it does there for real, and what it says that a person must do."""

from collections.abc import Iterator

import pytest

from tests.handlers.doctor import Finding, examine
from tests.ports import free_ports
from tests.pressroom import Pressroom
from tests.store import BUCKET, Store


@pytest.fixture
def there() -> Iterator[Store]:
    """A store in the test's hands."""
    with Store() as store:
        yield store


def doctor(shop: Pressroom, store: Store, **env: str) -> tuple[int, dict[str, Finding]]:
    """Return the exit code of the doctor, and its findings about a bucket in that store."""
    webhook = f"{shop.stack.urls.web}/webhooks/stripe"
    found = examine(shop, "s3", "--webhook", webhook, AWS_ENDPOINT_URL_S3=store.url, S3_BUCKET=BUCKET, **env)
    rows = {server: finding for server, finding in found.rows.items() if server.startswith("s3")}
    return found.code, {server.split()[1].rpartition("/")[2]: finding for server, finding in rows.items()}


def test_a_good_bucket_is_tried_and_left_as_it_was(front_door: Pressroom, there: Store) -> None:
    """A file is put, fetched by a customer's link, listed and removed."""
    code, found = doctor(front_door, there)
    assert (code, list(found)) == (0, [BUCKET, "link", "list", "delete"])
    assert all(well for well, _ in found.values())
    assert there.objects == {}
    (key,) = {one.key for one in there.sent if one.method == "PUT"}
    assert there.methods(key) == ["PUT", "GET", "DELETE"]
    (fetched,) = (one for one in there.sent if one.method == "GET" and one.key == key)
    assert "authorization" not in fetched.headers


@pytest.mark.parametrize(
    ("method", "refusal", "row", "words"),
    [
        ("PUT", (403, "AccessDenied"), BUCKET, "s3:PutObject"),
        ("PUT", (404, "NoSuchBucket"), BUCKET, "create the bucket"),
        ("PUT", (403, "InvalidAccessKeyId"), BUCKET, "AWS_ACCESS_KEY_ID"),
        ("DELETE", (403, "AccessDenied"), "delete", "s3:DeleteObject"),
        ("GET", (403, "AccessDenied"), "link", "AWS_DEFAULT_REGION"),
    ],
    ids=str,
)
def test_a_refusal_is_said_with_its_remedy(
    front_door: Pressroom, there: Store, method: str, refusal: tuple[int, str], row: str, words: str
) -> None:
    """The line of what fails says what to do about it."""
    there.refused[method] = refusal
    code, found = doctor(front_door, there)
    well, finding = found[row]
    assert (code, well) == (1, False)
    assert words in finding


def test_a_missing_leave_to_list_is_said(front_door: Pressroom, there: Store) -> None:
    """Nothing else is the worse for it."""
    there.may_list = False
    code, found = doctor(front_door, there)
    assert (code, [row for row, (well, _) in found.items() if not well]) == (1, ["list"])
    assert "s3:ListBucket" in found["list"][1]


def test_an_inner_address_is_not_the_customers(front_door: Pressroom, there: Store) -> None:
    """Links to a private host are of no use to a public shop; with a public address they are tried there."""
    public = {"PUBLIC_URL": "https://shop.example"}
    _, found = doctor(front_door, there, **public)
    assert not found["link"][0]
    assert "S3_PUBLIC_URL" in found["link"][1]
    (port,) = free_ports(1)
    _, found = doctor(front_door, there, S3_PUBLIC_URL=f"http://127.0.0.1:{port}")
    assert not found["link"][0]
    assert "not reached" in found["link"][1]
    with Store() as outer:
        outer.objects = there.objects
        code, found = doctor(front_door, there, S3_PUBLIC_URL=outer.url)
    assert (code, found["link"][0]) == (0, True)
    assert {one.method for one in outer.sent} == {"GET"}
