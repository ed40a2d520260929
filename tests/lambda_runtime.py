"""A Lambda's runtime in small: an event a line on stdin, an answer a line on stdout, frozen in between."""

import importlib
import json
import os
import sys
from types import SimpleNamespace

module, _, name = os.environ["_HANDLER"].rpartition(".")
handler = getattr(importlib.import_module(module), name)
context = SimpleNamespace(function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"], aws_request_id="2f6c1b0a-7d3e")
for line in sys.stdin:
    sys.stdout.write(json.dumps(handler(json.loads(line), context)) + "\n")
    sys.stdout.flush()
