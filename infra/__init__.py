"""Vendors and settings: the broker, the LLM, PDF, mail, Stripe, the local stack, deployment."""
