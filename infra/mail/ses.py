"""Amazon SES, version 2 of its API: the letter as we made it, in one request that is made once."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import SplitResult

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.mail.errors import LetterIsRefused, MailServerIsBusy
from infra.mail.letter import Letter, as_message

Answer = TypeVar("Answer")

#: Errors that will not pass by themselves: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html.
#: All others pass (throttling, 5xx), or are mended for all letters at once (credentials, a paused account).
_FOR_EVER = {"BadRequestException", "MailFromDomainNotVerifiedException", "MessageRejected", "NotFoundException"}


class SesTransport:
    """Sends through `ses://region`; credentials and AWS_ENDPOINT_URL_SESV2 are found as boto3 finds them.

    SES gives a letter a Message-ID and a date of its own, so that one which is sent twice has two of them; it is
    known by X-Pressroom-Order and X-Pressroom-Mail, which stay. SES's id is in the answer.
    """

    def __init__(self, url: SplitResult) -> None:
        config = Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"total_max_attempts": 1},  # a second try of its own would be a second letter
            user_agent="pressroom",
        )
        self._ses: Any = boto3.client("sesv2", region_name=url.hostname, config=config)
        self.url: str = self._ses.meta.endpoint_url
        self.host = self.url.partition("://")[2]

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Send and return SES's id of the letter. Blocks, for 13 s at most.

        MailServerIsBusy if it was not accepted or the answer was lost; LetterIsRefused if it never will be.
        """
        message = as_message(letter)
        request = {
            "Destination": {"ToAddresses": [message.recipient]},
            "Content": {"Raw": {"Data": message.content}},
        }
        if seconds_left() <= 0:
            raise MailServerIsBusy("The time to send the letter was over before it was handed in.")
        return f"SES {_asked(lambda: self._ses.send_email(**request))['MessageId']}"

    def ping(self) -> None:
        """Return if SES answers and lets our account send; MailServerIsBusy otherwise. Blocks."""
        if not _asked(self._ses.get_account).get("SendingEnabled"):
            raise MailServerIsBusy("SES does not let this account send.")


def _asked(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "an error"))
        what = f"SES answered {code}: {error.response.get('Error', {}).get('Message', '')[:200]}"
        raise LetterIsRefused(what, code=code) if code in _FOR_EVER else MailServerIsBusy(what) from error
    except (BotoCoreError, OSError) as error:
        raise MailServerIsBusy(f"SES was not reached: {type(error).__name__}.") from error
