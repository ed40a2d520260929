"""What is heard of a provider's headers, whoever wrote them."""

import time
from email.utils import formatdate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.llm.rate_headers import Rate, RateHeaders, read_rate_headers

REAL = {
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-remaining-requests": "499",
    "x-ratelimit-reset-requests": "120ms",
    "x-ratelimit-limit-tokens": "30000",
    "x-ratelimit-remaining-tokens": "25904",
    "x-ratelimit-reset-tokens": "8.192s",
}
#: Headers are Latin-1.
WORDS = st.text(st.characters(max_codepoint=255), max_size=20)
NUMBERS = st.one_of(st.integers().map(str), st.floats().map(str), WORDS)


def test_openais_own_headers_are_understood() -> None:
    """Limits and what is left of them are read as OpenAI writes them."""
    assert read_rate_headers(REAL) == RateHeaders(Rate(500, 499), Rate(30_000, 25_904))


def test_no_headers_say_nothing() -> None:
    """A provider that tells nothing has told nothing."""
    assert read_rate_headers({}) == RateHeaders()


def test_a_limit_of_a_day_is_not_one_of_a_minute() -> None:
    """What is whole again in hours only is a daily limit in the same header, and not ours to count."""
    daily = {**REAL, "x-ratelimit-limit-tokens": "1500000", "x-ratelimit-reset-tokens": "23h18m29.144s"}
    assert read_rate_headers(daily).tokens == Rate()
    assert read_rate_headers(daily).requests == Rate(500, 499)


@pytest.mark.parametrize(
    ("limit", "rest", "heard"),
    [
        ("-1", "-1", Rate()),
        ("0", "0", Rate()),
        ("many", "10", Rate()),
        ("1e6", "10", Rate()),
        ("³", "1", Rate()),
        ("9" * 40, "1", Rate()),
        ("500", "-1", Rate(500)),
        ("500", "501", Rate(500)),
        ("500", "", Rate(500)),
        ("500", "0", Rate(500, 0)),
    ],
)
def test_numbers_without_sense_are_not_heard(limit: str, rest: str, heard: Rate) -> None:
    """A limit is a whole number above zero, and no more than all of it can be left."""
    headers = {"x-ratelimit-limit-requests": limit, "x-ratelimit-remaining-requests": rest}
    assert read_rate_headers(headers).requests == heard


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "86400"}, None),
        ({"retry-after": "soon"}, None),
    ],
    ids=str,
)
def test_a_pause_is_seconds_or_nothing(headers: dict[str, str], pause_s: float | None) -> None:
    """A pause that is negative, unreadable or longer than an hour is none."""
    assert read_rate_headers(headers).pause_s == pause_s


def test_a_pause_may_be_a_date() -> None:
    """HTTP allows a moment instead of a time."""
    assert read_rate_headers({"retry-after": formatdate(time.time() + 60, usegmt=True)}).pause_s == pytest.approx(
        60, abs=5
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*REAL, "retry-after", "retry-after-ms"]), NUMBERS))
def test_whatever_stands_there_what_is_heard_makes_sense(headers: dict[str, str]) -> None:
    """No header can make a limit that is not positive, a rest beyond it, or a pause that never ends."""
    told = read_rate_headers(headers)
    for rate in (told.requests, told.tokens):
        assert rate.limit is None or 0 < rate.limit < 10**15
        assert rate.rest is None or 0 <= rate.rest <= (rate.limit or -1)
    assert told.pause_s is None or 0 <= told.pause_s <= 3600
