"""A stub of Stripe: Checkout Sessions with a page to pay on, events, and signed webhooks with retries."""
