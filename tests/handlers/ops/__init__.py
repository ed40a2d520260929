"""Tests of the operators' pages, as a browser asks for them."""
