"""Intake: from signed events to orders.

The webhook uses it, and the sweep for events that the webhook left or missed.
"""
