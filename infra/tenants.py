"""Tenants: the brands that an installation serves, by id."""

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

#: The tenant of a session that names none; it needs no description.
MAIN = "main"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


class Colours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A brand's two colours, as `#rrggbb`: of numbers and rules, and of the cover and the boxes."""

    accent: str
    tint: str


class Tenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A brand. A field that is None is as the installation or the product has it; more `priority` goes first.

    `limit` bounds how many reports are in progress at once, `products` names those that may be sold, `sender` is a
    mail address with or without a name, `logo` a PNG or SVG file, `timezone` the zone of its customers' day.
    `language` is that of its pages and letters where a customer's is not known. With `free_remake` customers may
    ask once for a remake from corrected answers. For `withdrawal_days` after the day of the payment they may
    withdraw from the contract.
    """

    id: str
    name: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    colours: Colours | None = None
    logo: str | None = None
    sender: Annotated[str, Meta(min_length=3, max_length=320)] | None = None
    products: Annotated[tuple[str, ...], Meta(min_length=1, max_length=1000)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    timezone: str | None = None
    language: str | None = None
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    free_remake: bool = False
    withdrawal_days: Annotated[int, Meta(ge=1, le=366)] | None = None

    def sells(self, product: str) -> bool:
        """Return whether this brand may sell that product or bundle."""
        return self.products is None or product in self.products


class Tenants(dict[str, Tenant]):
    """The tenants by id, `main` always among them; they never change while the process lives."""

    def __init__(self, described: Mapping[str, Tenant] | None = None) -> None:
        """Add `main` to the described tenants."""
        super().__init__({MAIN: Tenant(id=MAIN), **(described or {})})

    def of(self, tenant_id: str) -> Tenant:
        """Return the tenant of an order; one that has left the file is as `main` is without a file."""
        return self.get(tenant_id) or Tenant(id=tenant_id)


def is_tenant_id(text: str) -> bool:
    """Return whether a tenant could have that id: lower-case letters, digits, hyphens, underscores, up to 64."""
    return _ID.fullmatch(text) is not None
