"""Tests of the sentences that customers read."""
