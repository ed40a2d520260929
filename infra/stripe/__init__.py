"""Stripe's API: the one place that calls it, with timeouts and idempotency keys."""
