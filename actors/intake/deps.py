"""What taking orders needs: no more than the webhook has when it runs alone."""

from dataclasses import dataclass

from infra.broker.broker import Broker
from infra.clock import Clock, SystemClock
from infra.settings import WebhookSettings
from storage.database import Database


@dataclass(frozen=True)
class IntakeDeps:
    """Settings, time, database and broker."""

    settings: WebhookSettings
    clock: Clock
    db: Database
    broker: Broker


def open_intake(settings: WebhookSettings, *, database_timeout_s: float) -> IntakeDeps:
    """Build the clients; nothing is connected yet. To be called on the loop that uses them."""
    db = Database(settings.mongodb_url, timeout_s=database_timeout_s)
    return IntakeDeps(settings, SystemClock(), db, Broker(settings.redis_url))
