"""Tests of the places of the world, and of what their clocks showed."""
