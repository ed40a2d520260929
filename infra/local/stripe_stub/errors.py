"""Errors as Stripe words them."""

from starlette.responses import JSONResponse, Response


class StripeStubError(Exception):
    """A request that is answered with an error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self._error = {"type": kind, "code": code, "param": param}

    @property
    def response(self) -> Response:
        """The answer: only the fields that say something, as Stripe does it."""
        told = {name: value for name, value in self._error.items() if value is not None}
        return JSONResponse({"error": {"message": str(self), **told}}, self.status)


def missing(param: str) -> StripeStubError:
    """A required parameter was not given."""
    message = f"Missing required param: {param}."
    return StripeStubError(400, message, code="parameter_missing", param=param)


def no_such(what: str, given: str) -> StripeStubError:
    """There is no object with this id."""
    return StripeStubError(404, f"No such {what}: '{given}'", code="resource_missing", param="id")
