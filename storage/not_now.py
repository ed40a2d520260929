"""Errors of MongoDB that pass: by themselves, as in an election, or once a person has mended their cause."""

from collections.abc import Iterator

from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError, WriteConcernError

#: The codes of a server, or of a router before it, that cannot do it now, with MongoDB's names.
_NOT_NOW = {
    # A member of the set, or the primary, is gone.
    6: "HostUnreachable",
    7: "HostNotFound",
    89: "NetworkTimeout",
    133: "FailedToSatisfyReadPreference",
    134: "ReadConcernMajorityNotAvailableYet",
    202: "NetworkInterfaceExceededTimeLimit",
    9001: "SocketException",
    # Another member is the primary now, or this one ends. Alone they are lost connections, but not in a bulk.
    91: "ShutdownInProgress",
    189: "PrimarySteppedDown",
    10107: "NotWritablePrimary",
    11600: "InterruptedAtShutdown",
    11602: "InterruptedDueToReplStateChange",
    13435: "NotPrimaryNoSecondaryOk",
    13436: "NotPrimaryOrSecondary",
    # The command was ended from outside, or by its time: `killOp`, or a cursor that the former primary had.
    43: "CursorNotFound",
    50: "MaxTimeMSExpired",
    175: "QueryPlanKilled",
    237: "CursorKilled",
    262: "ExceededTimeLimit",
    11601: "Interrupted",
    # Other operations are in the way.
    24: "LockTimeout",
    46: "LockBusy",
    112: "WriteConflict",
    365: "TemporarilyUnavailable",
    # A person mends it: a rotated password, a lost privilege, a full disk or quota, writes that were blocked.
    13: "Unauthorized",
    18: "AuthenticationFailed",
    371: "UserWritesBlocked",
    391: "ReauthenticationRequired",
    8000: "AtlasError",
    14031: "OutOfDiskSpace",
}
#: The labels that servers put on errors, of any code, after which the operation may be repeated.
_LABELS = ("RetryableWriteError", "TransientTransactionError", "SystemOverloadedError", "RetryableError")


def why_not_now(error: PyMongoError) -> str | None:
    """Return why MongoDB cannot do it now. None if the same error would come at another time."""
    if isinstance(error, ConnectionFailure):
        return "MongoDB does not answer."
    if isinstance(error, ConfigurationError) and error.__cause__ is not None:  # of a URL with mongodb+srv://
        return "DNS does not say where MongoDB is."
    if error.timeout:
        return "MongoDB does not answer in time."
    if isinstance(error, WriteConcernError) or _details(error, "writeConcernErrors"):
        return "MongoDB cannot say whether a write is durable."
    code = next((code for code in _codes(error) if code in _NOT_NOW), None)
    if code is not None or any(map(error.has_error_label, _LABELS)):
        return f"MongoDB cannot do it now ({_NOT_NOW.get(code or 0, 'it may be repeated')})."
    return None


def _codes(error: PyMongoError) -> Iterator[int]:
    """Yield the codes of an error and of the writes of a bulk."""
    if isinstance(error, OperationFailure):
        yield error.code or 0
    yield from (one["code"] for one in _details(error, "writeErrors"))


def _details(error: PyMongoError, name: str) -> list[dict[str, int]]:
    details = error.details if isinstance(error, OperationFailure) else None
    found: list[dict[str, int]] = (details or {}).get(name, [])
    return found
