"""`pressroom demo` and `pressroom up`: the whole system on one machine, with nothing but this repository."""

from handlers.cli.demo.commands import demo, up

__all__ = ["demo", "up"]
