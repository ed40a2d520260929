"""Amazon SES, version 2 of its API: the letter as we made it, in one request that is made once."""

from collections.abc import Callable
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from infra.errors import SettingsError
from infra.mail.errors import (
    AcceptanceIsUnknown,
    LetterIsRefused,
    MailServerIsAway,
    MailServerIsBusy,
    MailServerRefusesUs,
)
from infra.mail.letter import Letter, as_message
from infra.mail.url import MailUrl

Answer = TypeVar("Answer")

#: Errors about one letter: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html. All others
#: are about the account or the sender, but for 5xx, which pass.
_LETTERS = {"BadRequestException", "MessageRejected"}
#: The words of a MessageRejected that is about the account: an identity (in the sandbox a recipient's as well).
_NOT_VERIFIED = ("not verified", "identities failed")


class SesTransport:
    """Sends through `ses://region`; credentials and AWS_ENDPOINT_URL_SESV2 are found as boto3 finds them.

    SES gives a letter a Message-ID and a date of its own, so that one which is sent twice has two of them; it is
    known by X-Pressroom-Order and X-Pressroom-Mail, which stay. SES's id is in the answer.
    """

    def __init__(self, url: MailUrl) -> None:
        config = Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"total_max_attempts": 1},  # a second try of its own would be a second letter
            user_agent="pressroom",
        )
        try:
            self._ses: Any = boto3.client("sesv2", region_name=url.host, config=config)
        except (BotoCoreError, ValueError) as error:
            raise SettingsError(f"boto3 cannot use the settings AWS_…: {type(error).__name__}.") from None
        self.url: str = self._ses.meta.endpoint_url
        self.host = self.url.partition("://")[2]

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Send and return SES's id of the letter. Blocks, for 13 s at most.

        MailServerIsBusy if it was not accepted, MailServerRefusesUs if none would be, AcceptanceIsUnknown if the
        answer was lost; LetterIsRefused if this one never will be.
        """
        message = as_message(letter)
        request = {
            "Destination": {"ToAddresses": [message.recipient]},
            "Content": {"Raw": {"Data": message.content}},
        }
        if seconds_left() <= 0:
            raise MailServerIsBusy("The time to send the letter was over before it was handed in.")
        return f"SES {_asked(lambda: self._ses.send_email(**request))['MessageId']}"

    def ping(self, _sender: str, *_recipients: str) -> None:
        """Return if SES answers and lets our account send; MailServerIsBusy otherwise. Blocks.

        Whom it may write to and from is not asked: that would take another permission.
        """
        if not _asked(self._ses.get_account).get("SendingEnabled"):
            raise MailServerRefusesUs("SES does not let this account send.", code="SendingEnabled")


def _asked(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except ClientError as error:
        raise _meaning(error) from error
    except (ReadTimeoutError, ConnectionClosedError) as error:
        raise AcceptanceIsUnknown(f"SES gave no answer: {type(error).__name__}.") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        what = "SES cannot be asked: there are no credentials."
        raise MailServerRefusesUs(what, code="no credentials") from error
    except (BotoCoreError, OSError) as error:
        raise MailServerIsAway(f"SES was not reached: {type(error).__name__}.") from error


def _meaning(error: ClientError) -> Exception:
    details = error.response.get("Error", {})
    code, words = str(details.get("Code", "an error")), str(details.get("Message", ""))
    what = f"SES answered {code}: {words[:200]}"
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return MailServerIsBusy(what)
    if code in _LETTERS and not any(part in words for part in _NOT_VERIFIED):
        return LetterIsRefused(what, code=code)
    return MailServerRefusesUs(what, code=code)
