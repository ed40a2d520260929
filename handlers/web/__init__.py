"""Web process: Stripe's webhook, the shop, the customers' links, and health checks."""
