"""Views of what is known: one shape for the command line, pages and scripts."""
