"""Errands: what mail workers do about orders. Each is asked for again until it is over."""
