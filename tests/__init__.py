"""The tests, which mirror the folders."""
