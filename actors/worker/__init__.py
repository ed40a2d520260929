"""Worker process: one queue, one event loop, its heartbeat, and an orderly end."""
