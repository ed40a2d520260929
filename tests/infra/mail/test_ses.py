"""The SES transport against moto's server, and against one that answers what it is told to."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from infra.local.ports import HOST
from infra.mail.errors import AcceptanceIsUnknown, LetterIsRefused, MailServerIsBusy, MailServerRefusesUs
from infra.mail.letter import Letter
from infra.mail.ses import SesTransport
from infra.mail.transport import Transport, server_of
from infra.mail.url import read_mail_url
from tests import plain_http
from tests.infra.mail.letters import letter
from tests.ports import free_ports

URL = "ses://eu-west-1"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What boto3 reads from the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of moto's server."""
    moto = ThreadedMotoServer(HOST, free_ports(1)[0], verbose=False)
    moto.start()
    yield "http://{}:{}".format(*moto.get_host_and_port())
    moto.stop()


@pytest.fixture
def moto(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, where our sender's address is verified."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", server)
    ses: Any = boto3.client("sesv2", region_name="eu-west-1")
    ses.create_email_identity(EmailIdentity="reports@pressroom.example")
    return server


def taken(moto: str, sent: Letter) -> list[dict[str, Any]]:
    """Return what moto's SES took for the letter's recipient."""
    kept = plain_http.get(f"{moto}/moto-api/data.json").json()["ses"].get("RawMessage", [])
    return [one for one in kept if sent.recipient in str(one["destinations"])]


def test_a_letter_is_handed_to_ses_as_it_was_made(moto: str) -> None:
    """SES gets both texts and every header of ours in one raw message, and its id is the answer."""
    sent = letter(subject="تقريرك جاهز", text="Hello 山田\n")
    answer = SesTransport(read_mail_url(URL)).send(sent, lambda: 10.0)
    (one,) = taken(moto, sent)
    assert answer == f"SES {one['id']}"
    message: Any = message_from_string(one["raw_data"], policy=SMTP)
    assert (message["Subject"], message["X-Pressroom-Order"]) == (sent.subject, sent.order)
    assert (message["Message-ID"], message["X-Pressroom-Mail"]) == (sent.message_id, "completion")
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == sent.text
    assert message.get_body(("html",)).get_content().strip() == sent.html


def test_a_letter_is_not_handed_in_after_its_deadline(moto: str) -> None:
    """When the time is over SES never gets it: somebody else may be sending it."""
    sent = letter()
    with pytest.raises(MailServerIsBusy, match="time"):
        SesTransport(read_mail_url(URL)).send(sent, lambda: 0.0)
    assert taken(moto, sent) == []


@contextmanager
def answering(status: int, code: str, **body: Any) -> Iterator[tuple[str, list[str]]]:
    """An SES that answers every request so; its address, and the requests so far."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("content-length", 0)))
            content = json.dumps({"message": "It says so.", **body}).encode()
            self.send_response(status)
            self.send_header("x-amzn-ErrorType", code)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://{HOST}:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def ses_at(url: str, monkeypatch: pytest.MonkeyPatch) -> Transport:
    """Return the transport to an SES at that address."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", url)
    return SesTransport(read_mail_url(URL))


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (500, "InternalFailure", MailServerIsBusy),
        (503, "ServiceUnavailable", MailServerIsBusy),
        (429, "TooManyRequestsException", MailServerRefusesUs),
        (400, "LimitExceededException", MailServerRefusesUs),
        (400, "SendingPausedException", MailServerRefusesUs),
        (400, "AccountSendingPausedException", MailServerRefusesUs),
        (400, "AccountSuspendedException", MailServerRefusesUs),
        (400, "MailFromDomainNotVerifiedException", MailServerRefusesUs),
        (404, "NotFoundException", MailServerRefusesUs),
        (403, "InvalidClientTokenId", MailServerRefusesUs),
        (403, "AccessDeniedException", MailServerRefusesUs),
        (400, "MessageRejected", LetterIsRefused),
        (400, "BadRequestException", LetterIsRefused),
    ],
)
def test_what_ses_says_is_the_letters_the_accounts_or_one_for_now(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, error: type[Exception]
) -> None:
    """Outages pass, limits and pauses are the account's, and a refused letter will never go. SES is asked once."""
    with answering(status, code) as (url, asked):
        with pytest.raises(MailServerIsBusy if error is not LetterIsRefused else error, match=code) as told:
            ses_at(url, monkeypatch).send(letter(), lambda: 10.0)
        assert (type(told.value), len(asked)) == (error, 1)


def test_an_identity_that_is_not_verified_is_the_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """SES calls the message rejected, and means the sender, or an account that is still in the sandbox."""
    words = "Email address is not verified. The following identities failed the check in region EU-WEST-1: a@b.c"
    with answering(400, "MessageRejected", message=words) as (url, _), pytest.raises(MailServerRefusesUs):
        ses_at(url, monkeypatch).send(letter(), lambda: 10.0)


def test_an_account_without_credentials_is_a_persons_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """SES is not even asked, and no letter is blamed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # which knows those of other tests
    with answering(200, "") as (url, asked):
        with pytest.raises(MailServerRefusesUs, match="credentials"):
            ses_at(url, monkeypatch).send(letter(), lambda: 10.0)
        assert asked == []


def test_a_letter_whose_answer_from_ses_is_lost_may_have_been_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is cut after the request: that is no outage like any other, since a repeat is another letter."""

    def cut(line: socket.socket) -> None:
        with line.accept()[0] as asked:
            asked.recv(65536)

    with socket.create_server((HOST, 0)) as line:
        server = threading.Thread(target=cut, args=(line,))
        server.start()
        with pytest.raises(AcceptanceIsUnknown):
            ses_at(f"http://{HOST}:{line.getsockname()[1]}", monkeypatch).send(letter(), lambda: 10.0)
        server.join()


def test_an_ses_that_is_not_there_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection means later, not never."""
    with pytest.raises(MailServerIsBusy, match="not reached"):
        ses_at(f"http://{HOST}:1", monkeypatch).send(letter(), lambda: 10.0)


@pytest.mark.parametrize("may_send", [True, False])
def test_the_doctor_hears_whether_an_account_may_send(monkeypatch: pytest.MonkeyPatch, may_send: bool) -> None:
    """A ping asks SES for the account, and sends nothing."""
    with answering(200, "", SendingEnabled=may_send) as (url, asked):
        ses = ses_at(url, monkeypatch)
        if may_send:
            ses.ping("reports@pressroom.example")
        else:
            with pytest.raises(MailServerRefusesUs, match="does not let"):
                ses.ping("reports@pressroom.example")
        assert asked == ["/v2/email/account"]


def test_the_server_of_a_region_is_known_to_a_health_check() -> None:
    """What `/readyz` connects to is the region's endpoint, or the SMTP server that MAIL_URL names."""
    assert server_of(URL) == "https://email.eu-west-1.amazonaws.com"
    assert server_of("smtp://mail.example:2525") == "smtp://mail.example:2525"
