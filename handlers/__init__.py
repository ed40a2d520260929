"""What the outside asks: HTTP and the command line. Thin: verify, record, queue, show."""
