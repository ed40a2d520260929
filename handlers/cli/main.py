"""Group of all commands. A failure is one line, and exit 1 or 2."""

import os
import sys
from pathlib import Path

import click

from handlers.cli.alerts import alerts
from handlers.cli.audit import audit
from handlers.cli.bulk import bulk
from handlers.cli.common import on_one_line
from handlers.cli.dead import dead
from handlers.cli.demo.commands import demo, local, up
from handlers.cli.doctor.command import doctor
from handlers.cli.events import events
from handlers.cli.indexes import indexes
from handlers.cli.listings import products, queues, workers
from handlers.cli.mails import mails
from handlers.cli.money import money
from handlers.cli.orders import orders
from handlers.cli.passwords import hash_password
from handlers.cli.pauses import pauses
from handlers.cli.preview.command import preview
from handlers.cli.processes import sweep, web, worker
from handlers.cli.reconcile import reconcile
from handlers.cli.status import status
from infra.errors import PressroomError, SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="pressroom")
def pressroom() -> None:
    """Turn a paid Stripe Checkout into finished PDF reports in the customer's inbox."""


_PROCESSES = (web, worker, sweep)
_OPERATING = (orders, alerts, money, pauses, mails, dead, bulk, events, status, queues, workers, reconcile)
_CHECKING = (audit, doctor, indexes)
_DEVELOPING = (products, preview, hash_password)
#: They start or enter the local stack, so that they cannot run on it.
_LOCAL = (demo, up, local)
for command in (*_PROCESSES, *_OPERATING, *_CHECKING, *_DEVELOPING):
    pressroom.add_command(command)
    local.add_command(command)
for command in _LOCAL:
    pressroom.add_command(command)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed, 2 wrong usage or settings."""
    _open_streams()
    try:
        pressroom()
    except SettingsError as error:
        _fail(error, 2)
    except PressroomError as error:
        _fail(error, 1)


def _open_streams() -> None:
    """Lead the standard streams that were closed nowhere: a connection would get their numbers, and our output."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  # as long as we run


def _fail(error: PressroomError, code: int) -> None:
    for line in str(error).splitlines():
        click.echo(f"pressroom: {on_one_line(line)}", err=True)
    sys.exit(code)
