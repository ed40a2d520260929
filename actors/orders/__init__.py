"""Orders once they are placed: customers and operators ask, which is written down; errands do what was asked for.

What all three must know of an order stands beside their folders.
"""
