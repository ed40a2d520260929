"""Stripe's webhook: verify, record, place, queue, 200."""
