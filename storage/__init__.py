"""What must survive a crash: one module a collection, each transition one conditional update.

The transitions are named T1 to T22 in docs/protocol.md. Each takes the values that its caller has seen and
answers whether they still held; nobody else changes a document.
"""
