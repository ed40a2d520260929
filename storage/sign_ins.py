"""Sign-ins of operators. The secret of each is in its browser's cookie alone, and its hash is the key here."""

import hashlib
import secrets
from datetime import datetime

from storage.database import Database
from storage.records.mail import SignIn


async def begin_sign_in(db: Database, name: str, seal: str, until: datetime) -> str:
    """Record a sign-in that lasts until then. Returns its secret.

    `seal` stands for the password: the sign-in ends when it changes.
    """
    secret = secrets.token_urlsafe(32)
    await db.sign_ins.insert_one({"_id": _key(secret), "name": name, "seal": seal, "until": until})
    return secret


async def find_sign_in(db: Database, secret: str, now: datetime) -> SignIn | None:
    """Return the sign-in of a secret that has not ended, or None."""
    return await db.sign_ins.find_one({"_id": _key(secret), "until": {"$gt": now}})


async def end_sign_in(db: Database, secret: str) -> None:
    """End a sign-in."""
    await db.sign_ins.delete_one({"_id": _key(secret)})


def _key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
