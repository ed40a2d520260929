"""Records: the shapes of the documents that MongoDB holds, a type for each collection.

A key that is always there says what it holds. A `NotRequired` one says when it is there. Types are not enforced by
MongoDB: what an older version wrote may lack a key that a newer one added, which is then `NotRequired`.
"""
