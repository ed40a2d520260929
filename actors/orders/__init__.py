"""Orders once they are placed: errands, each asked for again until it is over, and the actions of operators."""
