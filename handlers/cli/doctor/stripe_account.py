"""Findings about the Stripe account: the key's permissions, the webhook endpoint, and an event of its own."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from actors.deps.process import Deps
from actors.intake.events import EVENTS
from handlers.cli.doctor.findings import IsOfNoUse
from infra.stripe.client import Stripe
from infra.stripe.version import API_VERSION, StripeObject
from storage.events import has_event

#: Stripe sends within seconds. All of the trial takes no longer than `EVENT_S`.
EVENT_S = 15.0
_LOOKS, _LOOK_S = 40, 0.25
#: Of many addresses, those that a line has room for.
_SHOWN = 3


async def key(stripe: Stripe) -> str:
    """Say whether the key may do all that Pressroom asks of Stripe, and name what it lacks."""
    missing = await stripe.missing_permissions()
    if missing:
        raise IsOfNoUse(f"STRIPE_API_KEY lacks {', '.join(missing)}: give it these permissions at Stripe")
    return "may do all that is asked of Stripe"


async def endpoint(deps: Deps, stripe: Stripe, url: str) -> str:
    """Say whether Stripe sends all that is needed to that address."""
    known = await stripe.endpoints()
    ours = [one for one in known if _place(one["url"]) == _place(url)]
    if not ours:
        shown = ", ".join(sorted(one["url"] for one in known)[:_SHOWN])
        raise IsOfNoUse(f"Stripe has no endpoint {url} in {_mode(deps)} mode, but {shown or 'none'}: add it there")
    enabled = _enabled(deps, ours)
    kinds = {kind for one in enabled for kind in one["enabled_events"]}
    missing = set() if "*" in kinds else EVENTS - kinds
    if missing:
        raise IsOfNoUse(f"Stripe does not send {', '.join(sorted(missing))}: select these events at the endpoint")
    others = {one["api_version"] or "of the account" for one in enabled} - {API_VERSION}
    version = f", in the version {', '.join(sorted(others))}, at a call for each session" if others else ""
    return f"is enabled, and sends what is needed{version}; whether its secret is ours, `doctor --event` finds out"


def _enabled(deps: Deps, ours: Sequence[StripeObject]) -> list[StripeObject]:
    """Return the endpoints that are enabled, of the mode that is set, and no more than there are secrets."""
    if any(one["livemode"] is not deps.settings.stripe_livemode for one in ours):
        raise IsOfNoUse(f"the endpoint is not of {_mode(deps)} mode, as STRIPE_LIVEMODE says: add one that is")
    enabled = [one for one in ours if one["status"] == "enabled"]
    if not enabled:
        remedy = "enable it at Stripe, then `pressroom reconcile` fetches what it missed"
        raise IsOfNoUse(f"the endpoint is disabled: {remedy}")
    if len(enabled) > len(deps.settings.webhook_secrets):
        what = f"{len(enabled)} enabled endpoints have this address, each with a secret of its own"
        raise IsOfNoUse(f"{what}: disable one, or name all in STRIPE_WEBHOOK_SECRET, with commas between them")
    return enabled


def _mode(deps: Deps) -> str:
    return "live" if deps.settings.stripe_livemode else "test"


def _place(url: str) -> tuple[str, str, str]:
    """Return the parts of an address by which it differs from others: not a query, or a scheme's own port."""
    parts = urlsplit(url)
    default = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    return parts.scheme, parts.netloc.lower().removesuffix(default), parts.path


async def event(deps: Deps, stripe: Stripe) -> str:
    """Have Stripe send an event, and say that it came into our database: then the endpoint's secret is ours."""
    session = await stripe.expire_session()
    for _ in range(_LOOKS):
        if await has_event(deps.db, session):
            return "came, signed with a secret of ours"
        await asyncio.sleep(_LOOK_S)
    remedy = "a 400 there means that STRIPE_WEBHOOK_SECRET is not the endpoint's, which Stripe's dashboard shows"
    what = f"no event about {session} came within {_LOOKS * _LOOK_S:g} s"
    raise IsOfNoUse(f"{what}: look at the endpoint's deliveries at Stripe; {remedy}")
