"""A mail server that keeps what it is sent, with an inbox to look at and faults on request."""
