"""Chaos: orders come in while processes die and servers fail, and the auditor judges each of them afterwards."""
