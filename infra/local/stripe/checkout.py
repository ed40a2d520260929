"""The life of a Checkout Session: open until it is paid."""

from infra.local.stripe.account import CHARGES, PRICES, PRODUCTS, SESSIONS, Account
from infra.local.stripe.objects import new_charge, new_id, new_object
from infra.local.stripe.wire import Json, as_list


def create_price(account: Account, form: Json) -> Json:
    """A price, and with it the product that it names; by its lookup key a shop knows it from the others."""
    product = account.keep(PRODUCTS, new_object("product", "prod_", name=form["product_data"]["name"]))
    price = new_object(
        "price",
        "price_1",
        currency=form["currency"],
        lookup_key=form.get("lookup_key"),
        product=product["id"],
        unit_amount=int(form["unit_amount"]),
    )
    return account.keep(PRICES, price)


def create_session(account: Account, form: Json) -> Json:
    """An open session; each line item names a price or describes one."""
    items = [_line_item(account, given) for given in form["line_items"].values()]
    total = sum(item["amount_total"] for item in items)
    session = new_object(
        "checkout.session",
        "cs_test_a1",
        amount_subtotal=total,
        amount_total=total,
        cancel_url=form.get("cancel_url"),
        client_reference_id=form.get("client_reference_id"),
        currency=items[0]["currency"],
        custom_fields=[],
        customer=None,
        customer_details=None,
        customer_email=form.get("customer_email"),
        metadata=form.get("metadata", {}),
        mode="payment",
        payment_intent=None,
        payment_status="unpaid",
        status="open",
        success_url=form["success_url"],
    )
    session["expires_at"] = session["created"] + 24 * 3600
    session["line_items"] = as_list(items, f"{SESSIONS}/{session['id']}/line_items")
    session["url"] = f"{account.page_base}/pay/{session['id']}"
    return account.keep(SESSIONS, session)


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
    quantity = int(given["quantity"])
    total = price["unit_amount"] * quantity
    return {
        "id": new_id("li_1"),
        "object": "item",
        "amount_subtotal": total,
        "amount_total": total,
        "currency": price["currency"],
        "description": account.find(PRODUCTS, price["product"])["name"],
        "price": price,
        "quantity": quantity,
    }
