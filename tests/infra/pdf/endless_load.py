"""A module that never comes to an end of loading. It says when it has begun."""

import time

print("begun", flush=True)  # noqa: T201 (its way to speak)
while True:
    time.sleep(1)
