"""Customers' acts on their own orders. Each is written down; what follows from it is an errand."""
