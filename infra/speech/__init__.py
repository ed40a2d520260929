"""Sentences that customers read, by language: English in the code, each other language as a table of them."""
