"""The web process: Stripe's webhook, the customers' links, and what a balancer asks."""
