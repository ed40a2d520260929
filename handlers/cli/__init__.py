"""The command line: `pressroom …`. Modules here import what they need inside their commands, so it starts fast."""

from handlers.cli.main import main

__all__ = ["main"]
