"""Settings: a line for each that cannot work, with what it may be, and never its value."""

import pytest

from infra.errors import SettingsError
from infra.settings import Settings, read_settings, read_webhook_settings
from tests.commands import run
from tests.pressroom import PRESSROOM

#: The settings of a small installation, as its README would have them.
GIVEN = {
    "MONGODB_URL": "mongodb://user:pass@db-1:27017,db-2:27017,[::1]:27017/pressroom?replicaSet=rs0",
    "REDIS_URL": "rediss://:pass@cache:6380/1",
    "STRIPE_API_KEY": "sk_test_51HunterTwo",
    "STRIPE_WEBHOOK_SECRET": "whsec_HunterTwo,whsec_HunterThree",
    "STRIPE_LIVEMODE": "false",
    "OPENAI_API_KEY": "sk-proj-HunterTwo",
    "OPENAI_MODEL": "gpt-5-mini",
    "LLM_REQUESTS_PER_MINUTE": "500",
    "LLM_TOKENS_PER_MINUTE": "200000",
    "S3_BUCKET": "reports",
    "MAIL_URL": "smtps://user:HunterTwo@mail.example",
    "MAIL_FROM": "Pressroom <reports@pressroom.example>",
    "ALERT_MAIL": "operator@pressroom.example",
    "PUBLIC_URL": "https://pressroom.example",
    "SECRET_KEY": "0123456789abcdef",
}


def mistakes(**changes: str) -> list[str]:
    """Return the lines about an installation with these changes."""
    with pytest.raises(SettingsError) as refused:
        read_settings(GIVEN | changes)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGODB_URL", "mongodb://db/pressroom"),
        ("MONGODB_URL", "mongodb+srv://user:pass@cluster.example/pressroom?readPreference=primary"),
        ("MONGODB_URL", "mongodb://%2Ftmp%2Fmongodb-27017.sock/pressroom"),
        ("REDIS_URL", "redis://127.0.0.1"),
        ("REDIS_URL", "redis://user:p%40ss@cache:6379/"),
        ("REDIS_URL", "redis://cache/0?socket_keepalive=true"),
        ("REDIS_URL", "rediss://cache/0?ssl_cert_reqs=none&ssl_check_hostname=false"),
        ("STRIPE_API_KEY", "rk_test_51HunterTwo"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_a"),
        ("STRIPE_LIVEMODE", "False"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1"),
        ("AWS_ENDPOINT_URL_S3", "http://minio:9000"),
        ("S3_BUCKET", "arn:aws:s3:eu-west-1:123456789012:accesspoint/reports"),
        ("MAIL_URL", "smtp://[::1]:2525"),
        ("MAIL_URL", "ses://eu-west-1"),
        ("PUBLIC_URL", "http://127.0.0.1:8000/"),
        ("CONSENT", "§\xa0356\nYes."),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,fd00::/8"),
        ("ALERT_WEBHOOK_URL", "https://höoks.example/x"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example/services/T0/B0?token=x"),
        ("ORDER_BUDGET_USD", "2.50"),
        ("LOG_FORMAT", "text"),
        ("TAX_CODE", "txcd_10302000"),
    ],
)
def test_a_setting_that_can_work_is_taken(name: str, value: str) -> None:
    """Each of these is a form that real installations use."""
    assert isinstance(read_settings(GIVEN | {name: value}), Settings)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("MONGODB_URL", "db:27017/pressroom", "mongodb://"),
        ("MONGODB_URL", "mongodb:///pressroom", "mongodb://"),
        ("MONGODB_URL", "mongodb://db:port/pressroom", "mongodb://"),
        ("MONGODB_URL", "mongodb://db/pressroom?w=1&ReadPreference=secondaryPreferred", "but primary"),
        ("REDIS_URL", "redis://cache:6379/abc", "a number"),
        ("REDIS_URL", "redis://cache:abc/0", "redis://host:6379/0"),
        ("REDIS_URL", "redis://:pa#ss@cache:6379/0", "%40"),
        ("REDIS_URL", "cache:6379", "redis://"),
        ("REDIS_URL", "redis://cache/0?ssl_cert_reqs=none", "redis://host:6379/0"),
        ("REDIS_URL", "rediss://cache/0?ssl_cert_reqs=perhaps", "its client can connect with"),
        ("REDIS_URL", "redis://cache/0?socket_timeout=soon", "its client can connect with"),
        ("REDIS_URL", "redis://cache/0?decode_responses=true", "its client can connect with"),
        ("STRIPE_API_KEY", "pk_test_51HunterTwo", "sk_test_"),
        ("STRIPE_API_KEY", "51HunterTwo", "rk_live_"),
        ("STRIPE_WEBHOOK_SECRET", "we_1HunterTwo", "the letters whsec"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_HunterTwo, whsec_HunterThree", "blank"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_", "signing secrets"),
        ("STRIPE_LIVEMODE", "yes", "true or false"),
        ("OPENAI_API_KEY", "sk-proj-HunterTwo\n", "on one line"),
        ("OPENAI_API_KEY", "sk-proj-Hunter…", "in ASCII"),
        ("OPENAI_MODEL", " gpt-5-mini", "without a blank"),
        ("S3_BUCKET", "reports\x1b[2J", "on one line"),
        ("S3_BUCKET", "s3://reports", "the name of a bucket alone"),
        ("S3_BUCKET", "reports/2026", "the name of a bucket alone"),
        ("S3_BUCKET", "our reports", "the name of a bucket alone"),
        ("OPENAI_BASE_URL", "myserver:8000", "https://"),
        ("AWS_ENDPOINT_URL_S3", "minio:9000", "https://"),
        ("AWS_ENDPOINT_URL_S3", "http://minio:ninethousand", "https://"),
        ("LLM_REQUESTS_PER_MINUTE", "-5", "a whole number from 1"),
        ("LLM_REQUESTS_PER_MINUTE", "2.5", "a whole number from 1"),
        ("LLM_TIMEOUT_S", "2 minutes", "a number above 0"),
        ("LLM_TIMEOUT_S", "infinity", "a number above 0"),
        ("GRACE_S", "nan", "a number above 0"),
        ("GRACE_S", "\udcff", "a number above 0"),
        ("AI_NOTICE", "\udcff", "true or false"),
        ("CONSENT", "\udcff", "words"),
        ("CONSENT", " ", "words"),
        ("ORDER_BUDGET_USD", "$5", "a number above 0"),
        ("MAIL_URL", "smtp://127.0.0.1:abc", "smtp://[user:password@]host[:port]"),
        ("MAIL_URL", "smtp://", "ses://"),
        ("MAIL_URL", "smtp://user:HunterTw%C3%B6@mail.example", "in ASCII"),
        ("MAIL_URL", "ses://eu-west-1/here", "ses://eu-west-1"),
        ("MAIL_FROM", "Pressroom", "letters@brand.example"),
        ("ALERT_MAIL", "operator@pressroom.example\nBcc: everybody@else.example", "letters@brand.example"),
        ("ALERT_WEBHOOK_URL", "hooks.example", "https://"),
        ("ALERT_WEBHOOK_URL", "https://höoks..example/x", "with a host"),
        ("PUBLIC_URL", "shop.example", "https://"),
        ("PUBLIC_URL", "https://shop.example/?from=mail", "without a path, ?"),
        ("PUBLIC_URL", "https://shop.example/reports", "without a path"),
        ("PUBLIC_URL", "https://shop.example:99999", "https://"),
        ("PUBLIC_URL", "HTTP://shop.example", "https://"),
        ("PUBLIC_URL", "https://user:HunterTwo@shop.example", "a user's name"),
        ("SECRET_KEY", "short", "of 16 characters or more"),
        ("SECRET_KEY", "a" * 16, "openssl rand"),
        ("SECRET_KEY", "abababababababab", "openssl rand"),
        ("TRUSTED_PROXIES", "*", "10.0.0.0/8"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "10.0.0.0/8"),
        ("TRUSTED_PROXIES", "balancer", "10.0.0.0/8"),
        ("LOG_FORMAT", "xml", "json or text"),
        ("TAX_CODE", "10302000", "txcd_ and eight digits"),
        ("TAX_CODE", "txcd_1030200", "txcd_ and eight digits"),
    ],
)
def test_a_setting_that_cannot_work_is_told_what_it_may_be(name: str, value: str, wanted: str) -> None:
    """One line names the setting and what is taken, and does not quote what was given."""
    (line,) = mistakes(**{name: value})
    assert line.startswith(f"The setting {name} must be ")
    assert wanted in line
    assert f" {value} " not in f" {line} "
    assert "Hunter" not in line


@pytest.mark.parametrize(("key", "live"), [("sk_live_x", "false"), ("rk_test_x", "true"), ("sk_test_x", "1")])
def test_a_key_of_the_other_mode_is_refused(key: str, live: str) -> None:
    """A live key in test mode would move money that no order accounts for, and the reverse serves nobody."""
    (line,) = mistakes(STRIPE_API_KEY=key, STRIPE_LIVEMODE=live)
    assert "STRIPE_API_KEY and STRIPE_LIVEMODE" in line


def test_all_mistakes_are_told_at_once() -> None:
    """Each missing or wrong setting has a line, also one that only disagrees with another."""
    lines = mistakes(
        MONGODB_URL="", STRIPE_LIVEMODE="true", GRACE_S="soon", PUBLIC_URL="shop.example", LOG_FORMAT="xml"
    )
    named = [line.split()[2] if line.startswith("The setting") else line.split()[0] for line in lines]
    assert named == ["MONGODB_URL", "LOG_FORMAT", "GRACE_S", "PUBLIC_URL", "STRIPE_API_KEY"]
    assert lines[0] == "The setting MONGODB_URL is missing."


@pytest.mark.parametrize("command", [("web", "--port", "0"), ("worker", "bundle"), ("sweep",), ("orders", "list")])
def test_a_command_prints_a_line_a_mistake_and_ends_with_2(command: tuple[str, ...]) -> None:
    """No process starts, and none of them shows a traceback."""
    wrong = {"AWS_ENDPOINT_URL_S3": "minio:9000", "STRIPE_LIVEMODE": "yes", "REDIS_URL": "redis://cache/abc"}
    code, out, err = run(GIVEN | wrong, PRESSROOM, *command)
    assert (code, out, len(err.splitlines())) == (2, "", 3)
    assert all(line.startswith("pressroom: The setting ") for line in err.splitlines())
    assert all(name in err for name in wrong)


@pytest.mark.parametrize(
    "strange",
    [{"AWS_PROFILE": "nowhere"}, {"AWS_DEFAULT_REGION": "eu west 1"}, {"AWS_CONFIG_FILE": "/dev/stdin/x"}],
    ids=lambda it: next(iter(it)),
)
def test_what_boto3_cannot_use_is_one_line_too(strange: dict[str, str]) -> None:
    """What boto3 reads by itself is refused like a setting of ours, if it refuses it."""
    code, _, err = run({"PATH": "/usr/bin", "MAIL_URL": "", **GIVEN, **strange}, PRESSROOM, "orders", "list")
    assert "Traceback" not in err
    if code == 2:
        assert len(err.splitlines()) == 1
        assert "AWS_" in err


def test_settings_show_no_value() -> None:
    """Whatever prints the settings, such as a debugger or a failed test, prints no secret."""
    for settings in (read_settings(GIVEN), read_webhook_settings(GIVEN)):
        assert not any(value in repr(settings) + str(settings) for value in GIVEN.values())
