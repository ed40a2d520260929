"""What an operator may do about an order: by their role, and by the order's state, as the acts' own rules say."""

from typing import Literal

from actors.deps.process import Deps
from actors.orders.hindrances import why_not_correctable, why_not_forgotten, why_not_refundable, why_not_resent
from handlers.ops.guard import Operator
from infra.accounts import Role
from storage.budget import is_paused
from storage.dead_letters import open_letters_of
from storage.records.orders import Order

ActName = Literal[
    "show",
    "evidence",
    "evidence.pdf",
    "retry",
    "resend",
    "readdress",
    "resume",
    "correct",
    "remake",
    "set_aside_remake",
    "set_aside_withdrawal",
    "refund",
    "forget",
]
#: The acts that take another role than the operator's.
_ROLES: dict[ActName, Role] = {"refund": "owner", "forget": "owner"}


def role_for(act: ActName) -> Role:
    """Return the role that an act takes."""
    return _ROLES.get(act, "operator")


async def possible_acts(deps: Deps, order: Order, operator: Operator) -> set[ActName]:
    """Return the acts that are the operator's, and that the order's state allows."""
    known = "forgotten_at" not in order
    dead = await open_letters_of(deps.db, order["_id"], limit=1)
    asked_for = order["request"]["kind"] if "request" in order else None
    allowed: dict[ActName, bool] = {
        "show": known,
        "evidence": known and order["paid_at"] is not None,
        "evidence.pdf": known and order["paid_at"] is not None,
        "retry": known and bool(order["objection"] or dead),
        "resend": why_not_resent(deps, order) is None,
        "readdress": known,
        "resume": is_paused(order),
        "correct": why_not_correctable(order) is None,
        "remake": asked_for == "remake",
        "set_aside_remake": asked_for == "remake",
        "set_aside_withdrawal": asked_for == "withdrawal",
        "refund": why_not_refundable(order) is None,
        "forget": known and await why_not_forgotten(deps, order) is None,
    }
    return {act for act, holds in allowed.items() if holds and operator.may(role_for(act))}
