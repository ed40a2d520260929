"""The life of a Checkout Session: open until it is paid."""

from infra.local.stripe.account import CHARGES, PRICES, PRODUCTS, SESSIONS, Account
from infra.local.stripe.objects import new_charge, new_id, new_line_item, new_price, new_product, new_session
from infra.local.stripe.wire import Json


def create_price(account: Account, form: Json) -> Json:
    """A price, and with it the product that it names."""
    product = account.keep(PRODUCTS, new_product(form["product_data"]))
    return account.keep(PRICES, new_price(form, product["id"]))


def create_session(account: Account, form: Json) -> Json:
    """An open session; each line item names a price or describes one."""
    items = [_line_item(account, given) for given in form["line_items"].values()]
    return account.keep(SESSIONS, new_session(form, items, account.page_base))


def complete_session(account: Account, session: Json, email: str) -> None:
    """The payer has paid."""
    session["customer_details"] = {"address": None, "email": email, "name": None, "phone": None}
    session["status"], session["url"] = "complete", None
    session["payment_status"], session["payment_intent"] = "paid", new_id("pi_")
    account.keep(CHARGES, new_charge(session))
    account.emit("checkout.session.completed", session)


def _line_item(account: Account, given: Json) -> Json:
    described = given.get("price_data")
    price = create_price(account, described) if described else account.find(PRICES, given["price"])
    return new_line_item(price, account.find(PRODUCTS, price["product"])["name"], int(given["quantity"]))
