"""The local stack: every outside service as a process on this machine. The product does not know of it."""
