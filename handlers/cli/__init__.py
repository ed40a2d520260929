"""Command line: `pressroom …`. Its modules import their needs inside the commands, so that it starts fast."""

from handlers.cli.main import main

__all__ = ["main"]
