"""One installation, several brands: whose an order is, what it looks like, and who writes to its customer."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.deps.intake import known_tenants
from actors.deps.process import Deps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event
from actors.mail.brand import brand_name, logo_of, sender_of
from actors.mail.progress import details
from actors.orders.errands.registry import run_errand
from actors.orders.operators.dead_letters import NothingToRetry, retry_order
from actors.products.life_clarity.product import PRODUCT
from actors.products.plans import plan_of
from actors.reports.sources import style_of
from infra.errors import SettingsError
from infra.settings import Settings
from infra.tenants import Colours, Tenant, Tenants
from storage.audit import Authority
from storage.order_state import attention_of, order_state
from storage.orders import OrderDoesNotExist
from storage.records.orders import Order
from storage.reports import reports_of
from tests.actors.builders import KIND, event, present, working
from tests.actors.vendors import StripeApi
from tests.builders import an_order
from tests.infra.mail.letters import arrived

pytestmark = pytest.mark.anyio

ORDER = "cs_brand"
AURORA = Tenant(
    id="aurora",
    name="Aurora Letters",
    sender="letters@aurora.example",
    colours=Colours("#5b3a6e", "#f3edf5"),
    timezone="Asia/Tokyo",
)
BOREAL = Tenant(id="boreal", products=("bundle",))


@pytest.fixture
def brands(deps: Deps) -> Deps:
    """Build the dependencies of an installation of three brands."""
    return replace(deps, tenants=Tenants({"aurora": AURORA, "boreal": BOREAL}))


async def place(deps: Deps, tenant: Any = None) -> Order:
    """Place a paid order whose session names that tenant. Returns it."""
    body = json.loads(event(ORDER))
    if tenant is not None:
        body["data"]["object"]["metadata"]["tenant"] = tenant
    await finish_events(deps, await apply_events(deps, [Event("evt", KIND, json.dumps(body).encode())]))
    return await present(deps, ORDER)


def settings(deps: Deps, file: Path, text: str) -> Settings:
    """Return the settings of an installation with that tenants' file."""
    file.write_text(text)
    return msgspec.structs.replace(deps.settings, tenants_file=str(file))


@pytest.mark.parametrize(
    ("named", "tenant"), [(None, "main"), ("", "main"), ("main", "main"), ("aurora", "aurora")]
)
async def test_an_order_is_of_the_tenant_that_its_session_names(brands: Deps, named: Any, tenant: str) -> None:
    """The order and its reports are the named tenant's, and main's if none is named; they are begun."""
    order = await place(brands, named)
    assert (order["tenant"], order["objection"]) == (tenant, None)
    assert [report["tenant"] for report in await reports_of(brands.db, [order])] == [tenant]


@pytest.mark.parametrize(
    ("named", "kept"),
    [("cassiopeia", "cassiopeia"), ("Aurora", "main"), ("\x00", "main"), ("\ud800", "main"), ("a" * 500, "main")],
    ids=["unknown", "capital", "NUL", "surrogate", "long"],
)
async def test_an_unknown_tenant_calls_an_operator(brands: Deps, named: str, kept: str) -> None:
    """An order of nobody's that is known here is kept and put before an operator; nothing is written."""
    order = await place(brands, named)
    assert order_state(order, []) == "needs_attention"
    assert attention_of(order) == "The session names a tenant that is not known here."
    assert (order["tenant"], await reports_of(brands.db, [order])) == (kept, [])


async def test_an_order_whose_tenant_was_described_later_is_retried(deps: Deps) -> None:
    """Judged anew by the file as it is now it is begun, in the brand's colours and zone, with all answers."""
    order = await place(deps, "aurora")
    assert order["colours"] is None
    shown = json.loads(event(ORDER))["data"]["object"]
    shown["metadata"]["tenant"] = "aurora"
    filled = {"email": "ada@customer.example", "answers.language": "de"}
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": filled})
    shown["customer_details"] = None
    worker = replace(working(deps, stripe=StripeApi(shown)), tenants=Tenants({"aurora": AURORA}))
    assert await retry_order(worker, ORDER, Authority("ann", "described now")) == []
    await run_errand(worker, "identify_order", ORDER)
    order = await present(deps, ORDER)
    assert (order["objection"], attention_of(order), order["failed_at"]) == (None, None, None)
    assert order["colours"] == {"accent": "#5b3a6e", "tint": "#f3edf5"}
    assert order["timezone"] == "Asia/Tokyo"
    assert (order["answers"]["language"], order["missing"]) == ("de", [])
    assert [report["tenant"] for report in await reports_of(deps.db, [order])] == ["aurora"]


async def test_what_is_still_objected_to_stays_with_the_operator(deps: Deps) -> None:
    """Judged anew it comes to the same: nothing is begun, the errand is over. What is well cannot be retried."""
    await place(deps, "aurora")
    shown = json.loads(event(ORDER))["data"]["object"]
    shown["metadata"]["tenant"] = "aurora"
    worker = working(deps, stripe=StripeApi(shown))
    await retry_order(worker, ORDER, Authority("ann", "described now"))
    await run_errand(worker, "identify_order", ORDER)
    order = await present(deps, ORDER)
    assert attention_of(order) == "The session names a tenant that is not known here."
    assert ("identify_order" in order["errands"], await reports_of(deps.db, [order])) == (False, [])
    with pytest.raises(OrderDoesNotExist):
        await retry_order(worker, "cs_none", Authority("ann", "why not"))
    await deps.db.orders.update_one({}, {"$set": {"objection": None}})
    with pytest.raises(NothingToRetry):
        await retry_order(worker, ORDER, Authority("ann", "why not"))


async def test_a_tenant_without_a_file_is_unknown(deps: Deps) -> None:
    """Where no brands are described there is main alone."""
    order = await place(deps, "aurora")
    assert order["objection"] == "The session names a tenant that is not known here."


async def test_what_a_tenant_may_not_sell_calls_an_operator(brands: Deps) -> None:
    """An order of a product that is not the brand's waits for an operator, and says why."""
    order = await place(brands, "boreal")
    assert attention_of(order) == "The tenant boreal does not sell life_clarity."
    assert await reports_of(brands.db, [order]) == []


async def test_a_report_is_set_in_the_colours_under_which_it_was_sold(brands: Deps) -> None:
    """The brand's colours as they were at the order, else the product's."""
    plan = plan_of(PRODUCT)
    branded = style_of(plan, await place(brands, "aurora"))
    assert (branded.accent, branded.tint) == ("#5b3a6e", "#f3edf5")
    plain = style_of(plan, an_order())
    assert (plain.accent, plain.tint) == (PRODUCT.theme.accent, PRODUCT.theme.tint)


async def test_a_letter_is_from_its_brand(brands: Deps) -> None:
    """From, and the name in the letter, are the tenant's; the Message-ID is the installation's."""
    order: Order = {**await place(brands, "aurora"), "missing": ["question"]}
    letter = details(brands, order, brands.clock.now())
    assert arrived(letter)["From"] == "Aurora Letters <letters@aurora.example>"
    assert "Aurora Letters" in letter.html
    domain = brands.settings.mail_from.rpartition("@")[2]
    assert letter.message_id.endswith(f"@{domain}")


@pytest.mark.parametrize(
    ("tenant", "name", "sender"),
    [
        (Tenant(id="t"), "Pressroom", "Pressroom <reports@pressroom.example>"),
        (Tenant(id="t", name="Ann, Bo"), "Ann, Bo", '"Ann, Bo" <reports@pressroom.example>'),
        (Tenant(id="t", sender="t@t.example"), "Pressroom", "t@t.example"),
        (Tenant(id="t", sender="Tea <t@t.example>"), "Tea", "Tea <t@t.example>"),
        (Tenant(id="t", name="Tee", sender="t@t.example"), "Tee", "Tee <t@t.example>"),
        (Tenant(id="t", name="Tee", sender="Tea <t@t.example>"), "Tee", "Tea <t@t.example>"),
    ],
    ids=["nothing", "name", "address", "sender", "name and address", "all"],
)
async def test_what_a_tenant_leaves_out_is_the_installations(
    deps: Deps, tenant: Tenant, name: str, sender: str
) -> None:
    """A name alone goes before the installation's address; an address alone goes without a name."""
    one = replace(deps, tenants=Tenants({"t": tenant}))
    assert (brand_name(one, "t"), sender_of(one, "t")) == (name, sender)
    assert (brand_name(one), sender_of(one, "main")) == ("Pressroom", deps.settings.mail_from)


async def test_a_logo_is_shown_from_its_file(deps: Deps, tmp_path: Path) -> None:
    """A picture goes into a page as it is, with its type; one that is gone, or was never there, is left out."""
    (tmp_path / "t.svg").write_text("<svg/>")
    logos = {"t": Tenant(id="t", logo=str(tmp_path / "t.svg")), "u": Tenant(id="u", logo=str(tmp_path / "u.png"))}
    one = replace(deps, tenants=Tenants(logos))
    assert logo_of(one, "t") == "data:image/svg+xml;base64,PHN2Zy8+"
    assert (logo_of(one, "u"), logo_of(one, "main")) == (None, None)


async def test_a_tenants_products_are_those_of_the_catalogue(deps: Deps, tmp_path: Path) -> None:
    """A product that nobody sells here is found at the start, in one line that names tenant and product."""
    file = tmp_path / "tenants.toml"
    known = known_tenants(settings(deps, file, "[aurora]\nproducts = ['life_clarity']"))
    assert known["aurora"].products == ("life_clarity",)
    wrong = settings(deps, file, "[aurora]\nproducts = ['unheard_of']")
    with pytest.raises(SettingsError, match=r"^TENANTS_FILE: tenant aurora: products: .* unheard_of\.$"):
        known_tenants(wrong)
