"""A report of one section that is grounded in passages, and says which: retrieve, rerank, write, cite."""
