"""The crash matrix: a process dies before and after each side effect, and nothing is lost, doubled or stuck."""
