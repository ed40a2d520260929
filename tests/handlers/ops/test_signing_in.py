"""Who gets in, for how long, and what nobody gets."""

import subprocess

import pytest

from infra.accounts import read_accounts
from infra.local.environment import outer_environment
from infra.passwords import is_password
from tests.handlers.ops.browser import PASSWORD, Browser
from tests.pressroom import PRESSROOM, Pressroom


def test_every_page_asks_strangers_to_sign_in(house: Pressroom) -> None:
    """A stranger is sent to the entrance, which leads on to the page that was asked for, and to no other site."""
    stranger = Browser(house.stack.urls.web)
    asked = stranger.get("/ops/orders/cs_1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/ops/sign-in?next=/ops/orders/cs_1")
    assert stranger.sign_in("vera", path=asked.headers["location"]).headers["location"] == "/ops/orders/cs_1"
    for elsewhere in ("//evil.example/ops/", "https://evil.example", "/ops/..\\evil"):
        entered = Browser(stranger.url).sign_in("vera", path=f"/ops/sign-in?next={elsewhere}")
        assert entered.headers["location"] == "/ops/"


def test_the_address_that_people_type_leads_in(house: Pressroom) -> None:
    """Without its last slash it leads to the first page, which asks who is there."""
    typed = Browser(house.stack.urls.web).get("/ops")
    assert (typed.status_code, typed.headers["location"]) == (303, "/ops/")


def test_a_cookie_is_kept_from_scripts_and_other_sites(house: Pressroom) -> None:
    """The cookie cannot be read by scripts nor sent by other sites, and the pages load nothing from elsewhere."""
    browser = Browser(house.stack.urls.web)
    entered = browser.sign_in("vera")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(entered.headers["set-cookie"].split("; "))
    shown = browser.get("/ops/")
    assert shown.status_code == 200
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert shown.headers["cache-control"] == "no-store"


def test_over_tls_the_cookie_never_goes_in_clear(house: Pressroom) -> None:
    """A browser that reached us over TLS gets a cookie for TLS alone, which only this host can have set."""
    host = house.stack.urls.web.removeprefix("http://")
    entered = Browser(house.stack.urls.web).post(
        "/ops/sign-in", origin=f"https://{host}", name="vera", password=PASSWORD
    )
    assert entered.headers["set-cookie"].startswith("__Host-pressroom-ops=")
    assert "Secure" in entered.headers["set-cookie"].split("; ")


@pytest.mark.parametrize(("name", "password"), [("vera", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_or_password_is_refused(house: Pressroom, name: str, password: str) -> None:
    """Both are refused in the same words, without a cookie."""
    refused = Browser(house.stack.urls.web).sign_in(name, password)
    assert refused.status_code == 401
    assert "do not go together" in refused.text
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize("origin", ["http://[", "null", "http://evil.example"])
def test_a_form_of_an_odd_origin_is_refused(house: Pressroom, origin: str) -> None:
    """A form that says it comes from elsewhere, or from no address at all, is refused, whoever sends it."""
    refused = Browser(house.stack.urls.web).post("/ops/sign-in", origin=origin, name="vera", password=PASSWORD)
    assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)


def test_a_form_with_another_key_is_refused(house: Pressroom) -> None:
    """A form that was not shown to who is signed in does nothing, whatever stands in the place of its key."""
    browser = Browser(house.stack.urls.web)
    browser.sign_in("olaf")
    for key in ("", "0", "é"):
        assert browser.post("/ops/sign-out", form_key=key).status_code == 403
    assert browser.get("/ops/").status_code == 200


def test_signing_out_ends_the_cookie(house: Pressroom) -> None:
    """A cookie that somebody kept opens nothing after its owner signed out."""
    browser = Browser(house.stack.urls.web)
    browser.sign_in("vera")
    kept = dict(browser.cookies)
    assert browser.post("/ops/sign-out", form_key=browser.form_key()).status_code == 303
    browser.cookies = kept
    assert browser.get("/ops/").status_code == 303


def test_a_changed_password_ends_every_sign_in(house: Pressroom) -> None:
    """A sign-in by another hash than the account's of now opens nothing, and neither does one of no account."""
    browser = Browser(house.stack.urls.web)
    for change in ({"seal": "of another hash"}, {"name": "nobody"}):
        assert browser.sign_in("vera").status_code == 303
        assert browser.get("/ops/").status_code == 200
        house.db.sign_ins.update_many({}, {"$set": change})
        assert browser.get("/ops/").status_code == 303


def test_passwords_cannot_be_tried_without_end(house: Pressroom) -> None:
    """After ten tries at an account the next are refused for a while, right ones too."""
    browser = Browser(house.stack.urls.web, "192.0.2.7")  # whose tries are not counted with those of others
    answers = [browser.sign_in("olga", "wrong").status_code for _ in range(11)]
    assert answers[:9] == [401] * 9
    assert answers[-1] == 429


def test_a_password_is_hashed_for_the_setting() -> None:
    """`pressroom hash-password` prints a hash that OPS_USERS takes, another one each time."""
    first, second = (_hashed("correct horse battery").stdout.strip() for _ in range(2))
    assert first != second
    assert read_accounts(f"ada owner {first}\nbob viewer {second}")["ada"].may("operator")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_password_is_read_as_browsers_send_it(encoding: str) -> None:
    """It is text in UTF-8, whatever the encoding of the terminal; other bytes are refused in one line, exit 2."""
    assert is_password("Ärgerlich genug", _hashed("Ärgerlich genug", encoding).stdout.strip())
    refused = _hashed("\udcc4rgerlich genug", encoding)
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
    assert "UTF-8" in refused.stderr


def test_a_short_password_is_not_hashed() -> None:
    """`pressroom hash-password` refuses fewer than twelve characters in one line, exit 2."""
    done = _hashed("short")
    assert (done.returncode, "12 to 1000 characters" in done.stderr) == (2, True)


def _hashed(password: str, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    """Hash a password, given as bytes of UTF-8 or others, in a terminal of an encoding."""
    env = {**outer_environment(), "PYTHONIOENCODING": encoding}
    given = f"{password}\n".encode(errors="surrogateescape")
    done = subprocess.run(
        [*PRESSROOM, "hash-password"], env=env, input=given, capture_output=True, timeout=60, check=False
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
