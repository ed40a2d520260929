"""Checkout Sessions: open, then expired or complete; complete, then paid at once, later or never."""

from infra.local.stripe.account import CHARGES, PRICES, PRODUCTS, SESSIONS, Account
from infra.local.stripe.objects import new_charge, new_id, new_line_item, new_price, new_product, new_session
from infra.local.stripe.wire import Json, Refusal

#: Promotion codes, by the percentage that each takes off.
CODES = {"TEST10": 10}
#: The tax in percent, wherever the payer is.
TAX = 20


def create_price(account: Account, form: Json) -> Json:
    """Make a price, and with it the product that it names."""
    product = account.keep(PRODUCTS, new_product(form["product_data"]))
    return account.keep(PRICES, new_price(form, product["id"]))


def create_session(account: Account, form: Json) -> Json:
    """Make an open session; each line item names a price or describes one."""
    if "line_items" not in form:
        raise Refusal("Missing required param: line_items.", param="line_items", code="parameter_missing")
    items = [_line_item(account, given) for given in form["line_items"].values()]
    session = new_session(form, items, account.page_base)
    if session["automatic_tax"]["enabled"] and any(_behaviour(item) == "unspecified" for item in items):
        raise Refusal("Prices must have a `tax_behavior` of `inclusive` or `exclusive` for automatic tax.")
    _reckon(session, 0)
    return account.keep(SESSIONS, session)


def reduce_session(session: Json, code: str) -> bool:
    """Lower an open session's total, not its subtotal, by a promotion code.

    False if there is no such code, or the session takes none.
    """
    percent = CODES.get(code.strip().upper())
    if percent is None or not session["allow_promotion_codes"]:
        return False
    _reckon(session, session["amount_subtotal"] * percent // 100)
    return True


def _behaviour(item: Json) -> str:
    return str(item["price"]["tax_behavior"])


def _reckon(session: Json, discount: int) -> None:
    """Set a session's total by its subtotal, a discount, and the tax that is added to it or stands in it."""
    total = session["amount_subtotal"] - discount
    tax = 0
    if session["automatic_tax"]["enabled"]:
        is_added = _behaviour(session["line_items"]["data"][0]) == "exclusive"
        tax = round(total * TAX / (100 if is_added else 100 + TAX))
        total += tax if is_added else 0
    session["amount_total"] = total
    session["total_details"] = {"amount_discount": discount, "amount_shipping": 0, "amount_tax": tax}


def complete_session(account: Account, session: Json, email: str, *, delayed: bool) -> None:
    """Complete a session: paid, or unpaid by a delayed method."""
    session["customer_details"] = {"address": None, "email": email, "name": None, "phone": None}
    session["status"], session["url"] = "complete", None
    session["payment_intent"] = new_id("pi_")
    if not delayed:
        _charge(account, session)
    account.emit("checkout.session.completed", session)


def settle_payment(account: Account, session: str) -> None:
    """Let a delayed payment come in."""
    found = _find_unpaid(account, session, "complete")
    _charge(account, found)
    account.emit("checkout.session.async_payment_succeeded", found)


def fail_payment(account: Account, session: str) -> None:
    """Let a delayed payment fail."""
    account.emit("checkout.session.async_payment_failed", _find_unpaid(account, session, "complete"))


def expire_session(account: Account, session: str) -> Json:
    """End an open session that was not paid. Returns it."""
    found = _find_unpaid(account, session, "open")
    found["status"], found["url"] = "expired", None
    account.emit("checkout.session.expired", found)
    return found


def _line_item(account: Account, given: Json) -> Json:
    described = given.get("price_data")
    price = create_price(account, described) if described else account.find(PRICES, given["price"])
    return new_line_item(price, account.find(PRODUCTS, price["product"])["name"], int(given["quantity"]))


def _charge(account: Account, session: Json) -> None:
    session["payment_status"] = "paid"
    account.keep(CHARGES, new_charge(session))


def _find_unpaid(account: Account, key: str, status: str) -> Json:
    session = account.find(SESSIONS, key)
    if (session["status"], session["payment_status"]) != (status, "unpaid"):
        raise Refusal(
            f"The session is {session['status']} and {session['payment_status']}, not {status} and unpaid."
        )
    return session
