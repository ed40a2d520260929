"""Operators' acts on orders, dead letters, work and alerts: each is written down, and is in the audit trail."""
