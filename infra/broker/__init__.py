"""Dramatiq over Redis, made safe to lose: messages wake workers, MongoDB holds the work.

It differs from Dramatiq's own Redis broker (2.2.1) where that can strand or lose a message; each module says how.
"""
