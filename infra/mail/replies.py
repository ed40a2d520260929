"""Replies of SMTP servers: a refusal is the letter's, ours, or one for now."""

import re
from typing import NamedTuple, NoReturn

from infra.mail.errors import LetterIsRefused, MailServerIsBusy, MailServerRefusesUs

#: RFC 3463: class, subject and detail, before the words. Some servers write a sign first.
_ENHANCED = re.compile(rb"\s*#?([245])\.(\d{1,3})\.(\d{1,3})(?!\S)", re.ASCII)
#: Subjects that are never one recipient's: the mail system, the way to it (limits are counted there), and policy.
_OURS = {3, 4, 7}
#: Details beside them: the sender's address, Exchange's limit of a day, and a mailbox that is out of order.
_OURS_TOO = {(1, 7), (1, 8), (1, 90), (2, 0)}
#: Subjects that are one letter's: its address and its mailbox, if a detail says how, and its content.
_RECIPIENTS, _CONTENT = {1, 2}, 6
#: The mailbox is full: RFC 5321 has 452 for it, and servers say 552.
_FULL = (2, 2)
#: Codes at RCPT that name the recipient; 501 is a bad syntax of the address, 556 a domain without mail (RFC 7504).
_NAMES_RECIPIENT = {501, 550, 551, 553, 556}


class Reply(NamedTuple):
    """Answer of a server at a stage: `MAIL`, `RCPT`, `DATA`, or `the end` of a letter."""

    stage: str
    code: int
    words: bytes

    def __str__(self) -> str:
        """Return it as the server said it, cut."""
        return f"{self.code} {self.words.decode('ascii', 'replace')[:200]}"


def refuse(reply: Reply) -> NoReturn:
    """Raise what a reply other than the wished one means.

    LetterIsRefused if no other time or letter would change it; MailServerRefusesUs if no letter of ours is taken;
    MailServerIsBusy if it may pass.
    """
    what = f"The mail server answered {reply}"
    blamed = _blamed(reply) if 500 <= reply.code < 600 else None
    if blamed == "letter":
        raise LetterIsRefused(what, code=str(reply.code))
    if blamed == "us":
        raise MailServerRefusesUs(what, code=f"{reply.code} at {reply.stage}")
    raise MailServerIsBusy(what)


def _blamed(reply: Reply) -> str | None:
    """Return whose fault a 5xx is. None if it may pass."""
    if reply.stage == "MAIL":
        return "us"
    found = _ENHANCED.match(reply.words)
    kind, subject, detail = map(int, found.groups()) if found else (5, 0, 0)
    if kind == 4 or (subject, detail) == _FULL:
        return None
    if subject in _OURS or (subject, detail) in _OURS_TOO:
        return "us"
    if subject == _CONTENT or (subject in _RECIPIENTS and detail):
        return "letter"
    return _by_stage(reply)


def _by_stage(reply: Reply) -> str | None:
    if reply.code == 552:  # "exceeded storage allocation"
        return None
    return "letter" if reply.stage == "RCPT" and reply.code in _NAMES_RECIPIENT else "us"
