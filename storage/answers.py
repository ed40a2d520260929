"""What customers wrote into our own form, until the payment names it by its reference."""

from datetime import datetime

from storage.database import Database, translating


@translating
async def keep_answers(db: Database, reference: str, product: str, answers: dict[str, str], now: datetime) -> None:
    """Keep a form's answers under a reference that the Checkout Session will carry."""
    await db.answers.insert_one({"_id": reference, "product": product, "answers": answers, "at": now})


@translating
async def find_answers(db: Database, references: list[str]) -> dict[str, dict[str, str]]:
    """Return the answers of forms, by reference."""
    return {form["_id"]: form["answers"] async for form in db.answers.find({"_id": {"$in": references}})}
