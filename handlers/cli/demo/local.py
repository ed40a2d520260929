"""`pressroom local …`: the other commands, on the local stack that runs beside them."""

import os
from pathlib import Path

import click


@click.group()
@click.pass_context
def local(ctx: click.Context) -> None:
    """Run another command on the local stack that runs here.

    It is the one that `make up` or `make demo`, in the same folder, keeps running.
    """
    ctx.obj = _enter


def _enter() -> None:
    """Make this process's environment that of the stack's own processes."""
    from infra.local.environment import outer_environment
    from infra.local.notice import read_notice

    env = {**outer_environment(), **read_notice(Path(".local"))}
    os.environ.clear()
    os.environ.update(env)
