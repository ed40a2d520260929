"""Dependencies that each kind of process gets at its start, and small tools for work on its loop."""
