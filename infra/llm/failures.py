"""Translates errors of the SDK: to be tried again, or a person's matter."""

import openai

from infra.llm.answer import ProviderIsBusy, ProviderRefusesUs
from infra.llm.rate_headers import read_rate_headers

#: Causes that a person must mend before any request can succeed, by status: each kills its step at once.
_MENDED_BY = {
    401: "OPENAI_API_KEY is wrong or revoked",
    403: "the key may not use this model, or not from here",
    404: "OPENAI_MODEL or OPENAI_BASE_URL names nothing that is there",
}


def translated(error: openai.OpenAIError) -> ProviderIsBusy | ProviderRefusesUs:
    """Return the error as one of ours."""
    if isinstance(error, openai.APIConnectionError):  # time-outs too
        return ProviderIsBusy(f"The LLM provider was not reached: {type(error).__name__}.")
    if not isinstance(error, openai.APIStatusError):
        return ProviderIsBusy("The LLM provider's answer could not be read.")
    status = error.status_code
    code = f" ({error.code})" if error.code else ""
    if status in {408, 409, 425, 429} or status >= 500:
        pause_s = read_rate_headers(error.response.headers).pause_s
        return ProviderIsBusy(f"The LLM provider answered {status}{code}.", retry_after=pause_s)
    how = f": {_MENDED_BY[status]}" if status in _MENDED_BY else ""
    return ProviderRefusesUs(f"The LLM provider refused the request with {status}{code}{how}.")
