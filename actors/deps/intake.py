"""Dependencies for taking orders: no more than the webhook has when it runs alone."""

from dataclasses import dataclass, field

from actors.products.catalogue import OFFERS
from infra.broker.broker import Broker
from infra.clock import Clock, SystemClock
from infra.settings import WebhookSettings
from infra.tenants import Tenants
from infra.tenants_file import read_tenants
from storage.database import Database


@dataclass(frozen=True)
class IntakeDeps:
    """Settings, time, database, broker and served brands: `main` alone, unless others are named."""

    settings: WebhookSettings
    clock: Clock
    db: Database
    broker: Broker
    tenants: Tenants = field(default_factory=Tenants, kw_only=True)


def open_intake(settings: WebhookSettings, *, database_timeout_s: float) -> IntakeDeps:
    """Build the clients, on the loop that uses them. Nothing is connected yet.

    SettingsError if the tenants' file cannot be used.
    """
    tenants = known_tenants(settings)
    db = Database(settings.mongodb_url, timeout_s=database_timeout_s)
    return IntakeDeps(settings, SystemClock(), db, Broker(settings.redis_url), tenants=tenants)


def known_tenants(settings: WebhookSettings) -> Tenants:
    """Return the tenants. SettingsError if their file is wrong, or names a product that is not sold here."""
    return read_tenants(settings.tenants_file, OFFERS)
