"""Mail addresses as people have them: taken at every door, and written to as servers take them."""

import pytest

from actors.deps.process import Deps
from actors.orders.operators.mails import readdress_order
from infra.mail.letter import as_message
from infra.mail_address import plain_email
from storage.audit import Authority
from tests.actors.builders import ORDER, place, present
from tests.infra.mail.letters import arrived, letter

pytestmark = pytest.mark.anyio

#: As it is given, and as it is kept.
ADDRESSES = {
    "ada@müller.de": "ada@xn--mller-kva.de",
    "ada@MÜLLER.de": "ada@xn--mller-kva.de",
    "ada@点看.com": "ada@xn--3pxu8k.com",
    "ada@straße.de": "ada@xn--strae-oqa.de",
    "da.me..i@docomo.ne.jp": "da.me..i@docomo.ne.jp",
    "x.@docomo.ne.jp": "x.@docomo.ne.jp",
    ".x@ezweb.ne.jp": ".x@ezweb.ne.jp",
    '"john smith"@customer.example': '"john smith"@customer.example',
    " ada@customer.example\u200b": "ada@customer.example",
}
#: As it is kept, and as it is written to.
WIRE = {
    "da.me..i@docomo.ne.jp": '"da.me..i"@docomo.ne.jp',
    "x.@docomo.ne.jp": '"x."@docomo.ne.jp',
    ".x@ezweb.ne.jp": '".x"@ezweb.ne.jp',
    '"john smith"@customer.example': '"john smith"@customer.example',
    "ada@xn--mller-kva.de": "ada@xn--mller-kva.de",
}


@pytest.mark.parametrize(("given", "kept"), ADDRESSES.items())
async def test_an_address_of_the_checkout_is_kept(deps: Deps, given: str, kept: str) -> None:
    """The order has it as mail can be sent to it."""
    order = await place(deps, customer_details={"email": given})
    assert (order["email"], order["missing"]) == (kept, [])


@pytest.mark.parametrize(("given", "kept"), ADDRESSES.items())
async def test_an_operator_may_write_an_address_as_its_owner_does(deps: Deps, given: str, kept: str) -> None:
    """Nobody has to know punycode, or how dots are quoted."""
    await place(deps, customer_details={"email": None}, customer_email=None)
    await readdress_order(deps, ORDER, given, Authority("Olga", "she wrote to us"))
    assert (await present(deps))["email"] == kept


@pytest.mark.parametrize(
    "given",
    ["a..b@customer.example", "..@docomo.ne.jp", "ada@-ü.de", '"a\\"b"@x.de', '"a\n"@x.de', "a@b@c.d", "a" * 5000],
)
def test_what_is_a_slip_or_an_attack_is_none(given: str) -> None:
    """Its customer is asked for another."""
    assert plain_email(given) is None


@pytest.mark.parametrize(("kept", "wire"), WIRE.items())
def test_a_letter_is_addressed_as_servers_take_it(kept: str, wire: str) -> None:
    """Envelope and header agree; dots that stand where none may are quoted."""
    sent = letter(recipient=kept)
    assert as_message(sent).recipient == wire
    assert arrived(sent)["To"].addresses[0].username == kept.rpartition("@")[0].strip('"')
    assert f"To: {wire}\r\n".encode() in as_message(sent).content
