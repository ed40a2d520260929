"""Run the stub: `python -m infra.local.llm --port P [--latency S]`, the key in OPENAI_API_KEY."""

import argparse
import os

from infra.local.llm.app import Llm
from infra.local.llm.limits import Limits
from infra.local.serve import serve


def main() -> None:
    """Answer until SIGTERM."""
    parser = argparse.ArgumentParser(prog="infra.local.llm", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.2, metavar="SECONDS")
    parser.add_argument("--requests-per-minute", type=int, default=30_000)
    parser.add_argument("--tokens-per-minute", type=int, default=180_000_000)
    given = parser.parse_args()
    limits = Limits(given.requests_per_minute, given.tokens_per_minute)
    serve(Llm(os.environ["OPENAI_API_KEY"], given.latency, limits).app, given.port)


if __name__ == "__main__":
    main()
