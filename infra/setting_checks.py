"""Checks of settings: what the text of each kind of setting must be, in words and as a test."""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any, NamedTuple, get_args
from urllib.parse import SplitResult, parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import idna
import msgspec

from infra.accounts import read_accounts
from infra.addresses import as_address
from infra.errors import SettingsError
from infra.hosts import is_private, is_this_machine
from infra.mail.url import FORM, read_mail_url

_KEY = re.compile(r"(?:sk|rk)_(test|live)_\w+", re.ASCII)
_SECRET = re.compile(r"whsec_[!-+\--~]+", re.ASCII)
#: A byte of the environment that is no text, as Python keeps it.
_SURROGATE = re.compile(r"[\ud800-\udfff]")
#: A host of MongoDB's, which may be one of several: a name or an address, and a port.
_MONGODB_HOST = re.compile(r"(\[[0-9a-fA-F:.%]+\]|[^\s:\[\]@/]+)(:[0-9]{1,5})?")
#: Letters that differ in a key that was drawn by chance: even 16 digits have more, but for one draw in 2,000.
_LEAST_LETTERS = 6
#: Characters of a key that nobody guesses.
_LEAST_LENGTH = 16
#: The settings whose addresses customers' browsers ask, and those that only servers ask.
_OF_CUSTOMERS = ("public_url", "s3_public_url")
_OF_SERVERS = (
    "stripe_api_base",
    "openai_base_url",
    "alert_webhook_url",
    "otel_exporter_otlp_endpoint",
    "otel_exporter_otlp_traces_endpoint",
    "aws_endpoint_url",
    "aws_endpoint_url_s3",
)


class Check(NamedTuple):
    """Test of a setting's text. `wanted` completes the sentence "The setting NAME must be …"."""

    wanted: str
    holds: Callable[[str], bool]


def _parts(url: str) -> SplitResult | None:
    """Return the parts of a URL that has a host and, if any, a port; None for another text."""
    try:
        parts = urlsplit(url)
        # In small letters, as all other code compares it.
        sound = bool(parts.hostname) and parts.port != 0 and url.startswith(parts.scheme)
        if not (parts.hostname or "").isascii():
            idna.encode(parts.hostname or "")
    except ValueError:  # a bracket that is not closed, a port that is no number, or a name that no host can have
        return None
    # A blank, or a line's end, which `urlsplit` drops from some places.
    return parts if sound and url.isprintable() and " " not in url else None


def _is_url(*schemes: str) -> Callable[[str], bool]:
    def holds(given: str) -> bool:
        parts = _parts(given)
        return parts is not None and parts.scheme in schemes

    return holds


def _is_base(given: str) -> bool:
    parts = _parts(given)
    return (
        parts is not None
        and parts.scheme in {"http", "https"}
        # Pages lead to one another from the root of the host.
        and parts.path in {"", "/"}
        and not (parts.query or parts.fragment or parts.username)
    )


def _is_mongodb_url(given: str) -> bool:
    # Several hosts are no single port to `urlsplit`, so that the hosts are looked at one by one.
    scheme, _, rest = given.partition("://")
    hosts = rest.partition("/")[0].rpartition("@")[2].split(",")
    options = {name.lower(): value for name, value in parse_qsl(rest.partition("?")[2])}
    # A secondary may not have yet what was just written, and is read all the same.
    is_of_primary = options.get("readpreference", "primary") == "primary"
    return scheme in {"mongodb", "mongodb+srv"} and all(map(_MONGODB_HOST.fullmatch, hosts)) and is_of_primary


def _is_redis_url(given: str) -> bool:
    # The client takes a database that is no number for 0.
    parts = _parts(given)
    if parts is None or parts.scheme not in {"redis", "rediss"} or parts.fragment:
        return False
    return re.fullmatch(r"/?|/[0-9]{1,5}", parts.path) is not None and (not parts.query or _are_known(given))


def _are_known(given: str) -> bool:
    """Return whether the client can connect with the options of a Redis URL, and still reads bytes with them."""
    from redis import ConnectionPool, RedisError  # here, since hardly any URL has options

    try:
        pool = ConnectionPool.from_url(given)
        pool.make_connection()
    except (TypeError, ValueError, RedisError):
        return False
    return not pool.get_encoder().decode_responses


def _is_read_by(read: Callable[[str], object]) -> Callable[[str], bool]:
    """Return the test whether a function can read a text: what it raises says that it cannot."""

    def holds(given: str) -> bool:
        try:
            read(given)
        except (ValueError, OSError, KeyError, SettingsError):
            return False
        return True

    return holds


def _are_addresses(given: str) -> bool:
    return all(as_address(one.strip()) for one in given.split(","))


def _read_zone(name: str) -> object:
    return name == "UTC" or ZoneInfo(name)  # UTC needs no data of the system's


def _read_networks(text: str) -> object:
    return [ip_network(one.strip()) for one in text.split(",")]


def _are_signing_secrets(given: str) -> bool:
    return all(map(_SECRET.fullmatch, given.split(",")))


def _are_hard_to_guess(given: str) -> bool:
    keys = given.split(",")
    return all(
        len(key) >= _LEAST_LENGTH and len(set(key)) >= _LEAST_LETTERS and key == key.strip() for key in keys
    )


#: A line's end that a file of secrets brought along would be part of a key.
TEXT = Check(
    "text on one line, without a blank at its ends",
    lambda given: given.isprintable() and given == given.strip(),
)
_BRACKETS = "; a colon, slash, bracket or @ in its password is written %3A, %2F, %5B or %40"
WEB_URL = Check("a URL that begins with http:// or https://, with a host", _is_url("http", "https"))
PUBLIC_URL = Check("a URL that begins with http:// or https://, without a path, ?, # and a user's name", _is_base)
MONGODB_URL = Check(
    f"a URL that begins with mongodb:// or mongodb+srv://, with no readPreference but primary{_BRACKETS}",
    _is_mongodb_url,
)
REDIS_URL = Check(
    "a URL such as redis://host:6379/0 or rediss://…, its database a number, behind ? only options that its "
    f"client can connect with{_BRACKETS}",
    _is_redis_url,
)
MAIL_URL = Check(f"{FORM}, with a user and a password in ASCII{_BRACKETS}", _is_read_by(read_mail_url))
_ADDRESS = "letters@brand.example or Brand <letters@brand.example>, with a comma or a colon in quotes"
ADDRESS = Check(f"a mail address, such as {_ADDRESS}", lambda given: as_address(given) is not None)
ADDRESSES = Check(f"mail addresses, comma-separated, such as {_ADDRESS}", _are_addresses)
WORDS = Check("words, as text in UTF-8", lambda given: bool(given.strip()) and not _SURROGATE.search(given))
KEY = Check("a key in ASCII, on one line and without a blank at its ends", str.isascii)
BUCKET = Check(
    "the name of a bucket alone, without s3:// or a path, or the ARN of an access point",
    lambda given: re.fullmatch(r"arn:\S+|[^\s/:]+", given) is not None,
)
NAME = Check("a name of 500 signs of ASCII at most", lambda given: given.isascii() and len(given) <= 500)
ZONE = Check("a time zone that this system knows, such as Europe/Berlin", _is_read_by(_read_zone))
STRIPE_KEY = Check(
    "a secret or restricted key of Stripe's, which begins with sk_test_, sk_live_, rk_test_ or rk_live_; one that "
    "begins with pk_ is for browsers",
    lambda given: _KEY.fullmatch(given) is not None,
)
SIGNING_SECRETS = Check(
    "signing secrets as Stripe shows them, comma-separated, without an empty element or a blank; each begins with "
    "the letters whsec and an underscore",
    _are_signing_secrets,
)
SECRETS = Check(
    f"keys drawn by chance, as by `openssl rand -hex 32`, comma-separated while one is changed: each of "
    f"{_LEAST_LENGTH} characters or more, of which {_LEAST_LETTERS} differ",
    _are_hard_to_guess,
)
ACCOUNTS = Check(
    "accounts, one `name role hash` a line: the role viewer, operator or owner, the hash as `pressroom "
    "hash-password` prints it",
    _is_read_by(read_accounts),
)
TAX_CODE = Check("txcd_ and eight digits", lambda given: re.fullmatch(r"txcd_[0-9]{8}", given) is not None)
NETWORKS = Check(
    "addresses or networks, comma-separated, such as 10.0.0.0/8,192.0.2.7", _is_read_by(_read_networks)
)


def find_mistake(given: str, kind: Any) -> str | None:
    """Return what the text of a setting of that type must be, in words, or None if it is that."""
    try:
        msgspec.convert(given, kind, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError):  # also for bytes that are no text
        return _in_words(msgspec.inspect.type_info(kind))
    # The last one says most.
    return next((check.wanted for check in reversed([*_checks(kind)]) if not check.holds(given)), None)


def find_disagreements(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for settings, each valid by itself, that cannot all be right. Any may be missing."""
    key, livemode = values.get("stripe_api_key"), values.get("stripe_livemode")
    mode = _KEY.fullmatch(key) if key is not None else None
    if mode and livemode is not None and livemode != (mode[1] == "live"):
        yield "STRIPE_API_KEY and STRIPE_LIVEMODE must be of one mode: a live key and true, a test key and false."
    if livemode:
        for name in (*_OF_CUSTOMERS, *_OF_SERVERS):
            if _crosses_world_in_clear(name, values):
                yield f"{name.upper()} must begin with https:// in live mode."


def _crosses_world_in_clear(name: str, values: Mapping[str, Any]) -> bool:
    url = values.get(name)
    if url is None or not url.startswith("http://"):
        return False
    if name in _OF_CUSTOMERS:
        return not is_this_machine(url)
    return not (values.get("allow_plain_http") or is_private(url))


def _checks(kind: Any) -> Iterator[Check]:
    """Yield the checks of an annotated type, which may be optional."""
    for part in (kind, *get_args(kind)):
        yield from (one for one in getattr(part, "__metadata__", ()) if isinstance(one, Check))


def _in_words(kind: msgspec.inspect.Type) -> str:
    """Return in words what texts are read as that type."""
    match kind:
        case msgspec.inspect.UnionType(types):
            return _in_words(types[0])
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.LiteralType(values):
            return " or ".join(map(str, values))
        case msgspec.inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case msgspec.inspect.FloatType(gt=least, le=most):
            return f"a number above {least:g} and up to {most:,.0f}, with a point for fractions and no sign"
        case msgspec.inspect.StrType(min_length=least, max_length=most):
            return f"of {least} to {most} characters"
    raise NotImplementedError(kind)
