"""The version of Stripe's API that this code reads and asks for."""

API_VERSION = "2026-10-28.endive"
