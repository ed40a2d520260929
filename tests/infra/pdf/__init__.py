"""The renderer: what a customer sees, and what no text may do to it."""
