"""The local stack: its parts, its stubs, and its end."""
