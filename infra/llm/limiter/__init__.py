"""The limiter: bounds requests to the LLM's provider, for all workers together, through Redis.

Calls wait in `limiter.py`. `shared.py` and its scripts count in Redis. The numbers are explained in
docs/decisions/0011-limiter.md.
"""
