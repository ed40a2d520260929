"""A mail server that keeps all letters, with an inbox to look at and faults on request."""
