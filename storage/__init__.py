"""Storage that survives a crash: one module a collection, each transition one conditional update.

The transitions are named T1 to T22 in docs/protocol.md. Each filters by the values that its caller has seen, and
tells whether they still held. No other code changes a document.
"""
