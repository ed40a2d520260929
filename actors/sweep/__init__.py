"""Sweep: finds work in MongoDB that should move and does not, and moves it. Several may run at once."""
