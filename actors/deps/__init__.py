"""Dependencies: what each kind of process is given when it starts, and the small tools of work on its loop."""
