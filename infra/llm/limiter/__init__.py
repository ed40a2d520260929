"""How much may be asked of the LLM's provider, and when: shared by all workers through Redis.

`limiter.py` is the door, where calls wait. `shared.py` and its scripts keep the count in Redis, `share.py` keeps a
part of it while Redis is away. docs/decisions/0011-limiter.md says where the numbers come from.
"""
