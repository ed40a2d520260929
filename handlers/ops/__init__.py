"""Pages of the operators, below /ops: what the command line shows and does, in a browser."""
