"""Translates errors of the SDK: to be tried again, the request's own, or the account's, for which work waits."""

import re

import openai

from infra.llm.answer import (
    AccountIsRefused,
    LimitsAreReached,
    ProviderIsBusy,
    ProviderIsSilent,
    ProviderRefusesUs,
)
from infra.llm.rate_headers import read_rate_headers

_KEY = "OPENAI_API_KEY is wrong or revoked. Set a valid one, and restart the workers"
_MONEY = "the account has no money left, or has reached its own limit. Top it up, or raise the limit"
_CLOSED = "the account is closed or not active. Ask the provider"
_MODEL = "OPENAI_MODEL names a model that the provider does not have, or has no more. Name another"
_ACCESS = "the key may not use this model, or not from here. Give it the right, or use another"
_ADDRESS = "OPENAI_MODEL or OPENAI_BASE_URL names nothing that is there"

#: Causes that a person must mend before any request can succeed: by the provider's code or type of error, which
#: says more than the status (a lack of money is 429, too), and by status.
_BY_CODE = {
    "invalid_api_key": _KEY,
    "incorrect_api_key": _KEY,
    "authentication_error": _KEY,
    "insufficient_quota": _MONEY,
    "billing_hard_limit_reached": _MONEY,
    "insufficient_balance": _MONEY,
    "insufficient_credits": _MONEY,
    "billing_not_active": _CLOSED,
    "account_deactivated": _CLOSED,
    "organization_deactivated": _CLOSED,
    "access_terminated": _CLOSED,
    "model_not_found": _MODEL,
    "model_not_available": _MODEL,
    "model_deprecated": _MODEL,
    "deploymentnotfound": _MODEL,
    "unsupported_country_region_territory": _ACCESS,
    "ip_not_authorized": _ACCESS,
}
_BY_STATUS = {401: _KEY, 402: _MONEY, 403: _ACCESS, 404: _ADDRESS, 405: _ADDRESS, 407: _ACCESS, 410: _MODEL}
#: These statuses give no reason of their own. Providers answer so in short disruptions, too.
_MAY_PASS = {403, 404, 405}
_WRONG = {400, 422}
_LIMITED = 429
_BUSY = {408, 409, 425, _LIMITED}
#: Servers that judge what was written refuse it with a 403.
_JUDGED = re.compile(r"moderation|content.?filter|content.?policy|flagged", re.IGNORECASE)
#: Words by which servers refuse a parameter, or its value.
_UNKNOWN = re.compile(
    r"un(?:known|supported|recognized|expected)|not (?:supported|permitted|allowed)|extra (?:inputs|fields)",
    re.IGNORECASE,
)
_CODE = re.compile(r"[\w.-]{1,60}", re.ASCII)


def translated(error: openai.OpenAIError) -> ProviderIsBusy | ProviderRefusesUs | AccountIsRefused:
    """Return the error as one of ours."""
    if isinstance(error, openai.APIConnectionError):  # time-outs too
        return ProviderIsSilent(f"The LLM provider was not reached: {type(error).__name__}.")
    if not isinstance(error, openai.APIStatusError):
        return ProviderIsBusy("The LLM provider's answer could not be read.")
    status, code = error.status_code, _code(error.code)
    said = f"{status} ({code})" if code else f"{status}"
    known = next((_BY_CODE[one] for one in (code.lower(), _code(error.type).lower()) if one in _BY_CODE), None)
    if known is None and status in _WRONG and error.param == "model":
        known = _MODEL
    if known is None and (status in _BUSY or status >= 500):
        pause_s = read_rate_headers(error.response.headers).pause_s
        kind = LimitsAreReached if status == _LIMITED else ProviderIsBusy
        return kind(f"The LLM provider answered {said}.", retry_after=pause_s)
    cause = known or _BY_STATUS.get(status)
    if cause is None or (known is None and _JUDGED.search(f"{code} {error.message[:2000]}")):
        return ProviderRefusesUs(f"The LLM provider refused the request with {said}.")
    text = f"The LLM provider refuses us with {said}: {cause}."
    return AccountIsRefused(text, may_pass=known is None and status in _MAY_PASS)


def _code(text: object) -> str:
    """Return a code or type of error, if it is one: other words may quote the request."""
    return text if isinstance(text, str) and _CODE.fullmatch(text) else ""


def unknown_parameter(error: openai.APIStatusError, names: frozenset[str]) -> str | None:
    """Return that of the named parameters which the provider does not take. None if it says no such thing."""
    body = error.body.get("message") or error.body if isinstance(error.body, dict) else error.body
    said = f"{_code(error.code)} {str(body)[:2000]}"
    if error.status_code not in _WRONG or not _UNKNOWN.search(said):
        return None
    param = _code(error.param).partition(".")[0]
    named = [name for name in sorted(names) if name == param or re.search(rf"[:'\"`]\s*{name}\b", said)]
    return named[0] if named else None
