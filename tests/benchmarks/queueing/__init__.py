"""Queueing simulation of an installation: held against what was measured, then asked about sizes that were not."""
