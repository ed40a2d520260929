"""Brands: the names under which reports and letters go out, and the logo beside them."""

from base64 import b64encode
from email.headerregistry import Address
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from infra.settings import Settings
from infra.speech.say import ENGLISH, nearest
from infra.tenants import MAIN, Tenant, Tenants
from storage.records.orders import Colours, Order

_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}


class Installation(Protocol):
    """Installation, as far as pages and letters must know it."""

    @property
    def settings(self) -> Settings:
        """Its settings."""

    @property
    def tenants(self) -> Tenants:
        """Its brands."""


def brand_name(installation: Installation, tenant_id: str = MAIN) -> str:
    """Return the tenant's name, else its sender's, else the installation's sender's, else Pressroom."""
    tenant = installation.tenants.of(tenant_id)
    senders = (tenant.sender or "", installation.settings.mail_from)
    return tenant.name or next((name for name, _ in map(parseaddr, senders) if name), "Pressroom")


def colours_of(tenant: Tenant) -> Colours | None:
    """Return the tenant's own colours, as an order keeps them, or None if it has none."""
    own = tenant.colours
    return {"accent": own.accent, "tint": own.tint} if own else None


def sender_of(installation: Installation, tenant_id: str) -> str:
    """Return the sender of a tenant's letters: its own address or MAIL_FROM, under its own name if it has one."""
    tenant = installation.tenants.of(tenant_id)
    if tenant.name is None:
        return tenant.sender or installation.settings.mail_from
    name, spec = parseaddr(tenant.sender or installation.settings.mail_from)
    own = name if tenant.sender else ""
    return str(Address(display_name=own or tenant.name, addr_spec=spec))


def language_of(installation: Installation, order: Order) -> str:
    """Return the language of an order's pages and letters.

    It is that of the form or of Stripe's page, else that of the report, else the tenant's, else English.
    """
    own = installation.tenants.of(order["tenant"]).language
    return nearest(order.get("locale"), order["answers"].get("language"), own) or ENGLISH


def logo_of(installation: Installation, tenant_id: str) -> str | None:
    """Return the tenant's logo as a `data:` URI, or None if it has none."""
    logo = installation.tenants.of(tenant_id).logo
    return _data_uri(logo) if logo else None


@lru_cache(maxsize=32)  # of half a MiB at most each
def _data_uri(file: str) -> str | None:
    try:
        content = Path(file).read_bytes()
    except OSError:  # the file was there when the process started, and a page without a logo is better than none
        return None
    return f"data:{_TYPES[Path(file).suffix]};base64,{b64encode(content).decode()}"
