"""What must be seen to about an order: one module an errand, each asked for again until it is over."""
