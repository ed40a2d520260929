"""Start of the local stack: the servers, then Pressroom's processes, with bars on the screen meanwhile."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.local.stack import Stack

#: Seconds an LLM call: slow enough to be watched.
_LATENCY_S = 0.5


@contextmanager
def running_stack(queues: Sequence[str], web_port: int | None = None) -> Iterator[Stack]:
    """Start the servers and Pressroom's processes, with a worker for each of `queues`; stop all at the end.

    Without queues the servers are alone.
    """
    # As orderly an end as Ctrl-C is, by leaving the `with` below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    columns = (TextColumn("{task.description:<9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with ExitStack() as held:
        with Progress(*columns, console=Console(), transient=True, disable=not sys.stdout.isatty()) as bars:
            stack = held.enter_context(_stack(bars, queues, web_port))
            bar = bars.add_task("processes", total=len(stack.processes))
            for part in stack.processes:
                part.wait_ready()
                bars.advance(bar)
        if stack.processes:
            click.echo(f"Pressroom is up: {', '.join(part.name for part in stack.processes)}")
        yield stack


def _stack(bars: Progress, queues: Sequence[str], web_port: int | None) -> Stack:
    bar = bars.add_task("servers", total=None, visible=False)

    def tell(ready: int, of: int) -> None:
        if not ready:
            click.echo("Starting MongoDB, Redis, SeaweedFS for S3, and stand-ins for mail, LLM and Stripe")
        bars.update(bar, completed=ready, total=of, visible=True)

    commands = (("web",), ("sweep",), *(("worker", queue) for queue in queues)) if queues else ()
    return Stack(latency_s=_LATENCY_S, web_port=web_port, commands=commands, tell=tell)
