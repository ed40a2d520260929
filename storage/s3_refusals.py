"""Refusals of S3: answers that stay as they are until a person mends the account, the bucket or a setting."""

import re
from http import HTTPStatus

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

_KEYS = "give valid AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_LEAVE = "allow s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket on the bucket"
_REGION = "AWS_DEFAULT_REGION must name the bucket's region, and AWS_ENDPOINT_URL_S3 its server"
_UNABLE = "this store, or a proxy before it, cannot do what is asked of it: take another, or a later version"
#: What a person does about a refusal, by its code. A HEAD has the bare status for a code.
_REMEDIES = {
    "NoSuchBucket": "create the bucket that S3_BUCKET names, or correct the name",
    "AccessDenied": _LEAVE,
    "403": _LEAVE,
    "InvalidAccessKeyId": f"the key is unknown or revoked: {_KEYS}",
    "SignatureDoesNotMatch": f"the secret is another key's, or a proxy changes our requests: {_KEYS}",
    "Unauthorized": _KEYS,
    "InvalidToken": _KEYS,
    "ExpiredToken": "renew AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "set the clock of this machine",
    "InvalidObjectState": "restore what the bucket's rules have archived, and leave orders/ out of them",
    "AuthorizationHeaderMalformed": _REGION,
    "PermanentRedirect": _REGION,
    "301": _REGION,
    "400": _REGION,
    "NotImplemented": _UNABLE,
    "InvalidTrailer": _UNABLE,
}
_LOOK = "look at the account, S3_BUCKET and the AWS_* settings"
#: Status codes above 500 that no outage has: Not Implemented, and a disk that is full.
_REFUSING = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.INSUFFICIENT_STORAGE}
#: Status codes below 500 that pass, and codes of requests that were slow, too many, or damaged on their way.
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_HINDERED = {
    "BadDigest",
    "IncompleteBody",
    "RequestLimitExceeded",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "XAmzContentSHA256Mismatch",
}
_CODE = re.compile(r"[A-Za-z0-9.]{1,64}", re.ASCII)
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    SSOError,
    TokenRetrievalError,
)


def code_of(error: ClientError) -> str:
    """Return S3's word for an error, or its status where it has none that is a word."""
    code = error.response.get("Error", {}).get("Code", "")
    return code if _CODE.fullmatch(code) else str(status_of(error))


def status_of(error: ClientError) -> int:
    """Return the HTTP status of an error, 500 if S3 sent it with a 200."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status if status >= HTTPStatus.MULTIPLE_CHOICES else 500


def refusal(code: str) -> str:
    """Return the alert's sentence about a code of S3's: the code, and its remedy."""
    return f"S3 refuses us with {code}: {_REMEDIES.get(code, _LOOK)}."


def why_refused(error: Exception) -> str | None:
    """Return the cause of a refusal and its remedy. None for an error that may pass by itself."""
    if isinstance(error, ClientError):
        code, status = code_of(error), status_of(error)
        passing = status in _PASSING or code in _HINDERED or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if code not in _REMEDIES and status not in _REFUSING and passing:
            return None
        return refusal(code)
    if isinstance(error, _NO_CREDENTIALS):
        return f"There are no credentials for S3 here: {_KEYS}."
    if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "S3's certificate is not trusted here: name its authority's file in AWS_CA_BUNDLE."
    return None
