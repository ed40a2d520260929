"""The version of Stripe's API that this code reads and asks for, and the type of its objects."""

from typing import Any

StripeObject = dict[str, Any]

API_VERSION = "2026-10-28.endive"
