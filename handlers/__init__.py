"""Entrances from outside: HTTP and the command line. They are thin: verify, record, queue, show."""
