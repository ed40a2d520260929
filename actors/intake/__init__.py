"""From signed events to orders: used by the webhook, and by the sweep for what the webhook left or never saw."""
