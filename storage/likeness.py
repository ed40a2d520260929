"""Likeness of dead letters: what is left of a cause without the ids and numbers of one order."""

import hashlib
import re

from storage.records.mail import Likeness

#: The part of a reason that is looked at, and of a cause that is kept.
_MAX_REASON, _MAX_CAUSE = 1000, 300
#: A word with a digit that is an id or a hash, and a number that is no status such as 429 or 550.
_ID = re.compile(r"[\w.:@-]*\d[\w.:@-]{7,}|[\w.:@-]{7,}\d[\w.:@-]*|\b[0-9a-f]{12,}\b", re.ASCII)
_NUMBER = re.compile(r"(?<![\w.])(?![1-5]\d\d(?![\w]|\.\d))\d+(?:[.,:]\d+)*", re.ASCII)


def likeness(
    kind: str,
    reason: str,
    subject: str,
    *,
    product: str | None = None,
    model: str | None = None,
    version: str | None = None,
) -> Likeness:
    """Return what a death with that reason, which quotes nothing, shares with others of the same cause.

    `subject` is the id of the work that died.
    """
    cause = _NUMBER.sub("#", _ID.sub("#", reason[:_MAX_REASON].replace(subject, "#")))[:_MAX_CAUSE]
    facts = "\n".join(f"{fact}" for fact in (kind, cause, product, model, version))
    group = hashlib.sha256(facts.encode(errors="replace")).hexdigest()[:16]
    return {"group": group, "cause": cause, "model": model, "version": version}
