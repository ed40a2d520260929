"""Forms of ours that customers filled in, kept until the payment names them by their reference."""

from datetime import datetime, timedelta

from storage.database import Database, updated
from storage.records.orders import Form, Gift

#: A session can be paid for a day, and Stripe keeps its events for 30 days. No event names a form after that.
KEPT_FOR = timedelta(days=31)
#: A page that waits for a payment is loaded again every few seconds.
_ASK_EVERY = timedelta(seconds=10)


async def keep_form(
    db: Database,
    reference: str,
    product: str,
    answers: dict[str, str],
    now: datetime,
    *,
    locale: str | None = None,
    consent: str | None = None,
    gift: Gift | None = None,
) -> None:
    """Keep a form's answers, and what was agreed to, under a reference that the Checkout Session will carry."""
    form: Form = {"_id": reference, "product": product, "answers": answers, "at": now}
    if locale is not None:
        form["locale"] = locale
    if consent is not None:
        form["consent"] = {"text": consent, "at": now}
    if gift is not None:
        form["gift"] = gift
    await db.answers.insert_one(form)


async def note_session(db: Database, reference: str, session: str) -> None:
    """Keep the Checkout Session that a form led to."""
    await db.answers.update_one({"_id": reference}, {"$set": {"session": session}})


async def find_form(db: Database, reference: str) -> Form | None:
    """Return the form of that reference, or None."""
    return await db.answers.find_one({"_id": reference})


async def may_ask(db: Database, reference: str, now: datetime) -> bool:
    """Return whether Stripe may be asked about a form's session now: once in so many seconds, by whomever."""
    idle = {"_id": reference, "asked_at": {"$not": {"$gt": now - _ASK_EVERY}}}
    return await updated(db.answers, idle, {"$set": {"asked_at": now}})


async def find_forms(db: Database, references: list[str]) -> dict[str, Form]:
    """Return forms by their references."""
    return {form["_id"]: form async for form in db.answers.find({"_id": {"$in": references}})}


async def drop_forms(db: Database, before: datetime, limit: int) -> None:
    """Remove the oldest forms that were filled in before then, at most `limit`. Most were never paid for."""
    old = db.answers.find({"at": {"$lt": before}}, {"_id": 1}).sort("at").limit(limit)
    await db.answers.delete_many({"_id": {"$in": [form["_id"] async for form in old]}})
