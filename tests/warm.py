"""Processes that have their imports behind them: `python -m tests.warm` forks each that is asked for.

To start Python and import every client takes a processor two seconds, and tests start some hundreds of processes.
A forked one is as good. Its parent has loaded modules and done nothing else: it has no thread, no connection and
no file that two could share. The forked process leads a session of its own, has exactly the environment, folder
and output that it was given, and runs the same program from its first line. From then on it and its children are
the kernel's to kill, as any other. It cannot prove only that it imports the modules it needs. For that, the
processes of tests/journeys and the commands of tests/handlers/test_cli.py start cold.

A process that sets type has its forkserver made with it, warm too, and puts it to work where it would start one.
"""

import atexit
import contextlib
import fcntl
import gc
import json
import os
import runpy
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from multiprocessing import util
from pathlib import Path
from select import select
from subprocess import Popen, TimeoutExpired
from typing import IO, Any, NoReturn

import boto3

from infra.local.environment import outer_environment

#: The modules that commands, workers and servers import when they run, and the stack's own stubs.
PRELOADED = (
    "actors.intake.reconcile",
    "actors.sweep.sweep",
    "actors.worker.process",
    "aiosmtpd.smtp",
    "handlers.cli.doctor.examination",
    "handlers.cli.output",
    "handlers.views.orders",
    "handlers.views.status",
    "handlers.web.server",
    "infra.llm.client",
    "infra.pdf.binding",
    "infra.pdf.pages",
    "infra.pdf.typesetter",
    "infra.stripe.client",
    "rich.table",
    "uvicorn",
)
#: The commands that set type, or see whether it can be set.
_PRINTERS = {"worker", "doctor"}
#: The number of no file of theirs.
_FAR = 256
#: Of a request: an environment, a folder and a command.
_LONGEST = 1 << 20


class Forked:
    """Process that was forked, with the part of Popen's interface that is used."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], folder: Path, out: IO[bytes], err: IO[bytes]
    ) -> None:
        """Run a command, which is a script with its arguments, or Python, `-m`, and a module with its own."""
        self.returncode: int | None = None
        self._command = [*command]
        read, write = os.pipe()
        self._told = os.fdopen(read, "rb", buffering=0)
        asked = json.dumps([self._command, dict(env), str(folder)]).encode()
        socket.send_fds(_warm(), [asked], [out.fileno(), err.fileno(), write])
        os.close(write)
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal, or None while it runs."""
        if self.returncode is None and select([self._told], [], [], 0)[0]:
            self._hear()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended. TimeoutExpired after so many seconds."""
        if self.returncode is not None:
            return self.returncode
        if not select([self._told], [], [], timeout)[0]:
            raise TimeoutExpired(self._command, timeout or 0.0)
        return self._hear()

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        """Send it a SIGKILL, and wait for its end."""
        self.send_signal(signal.SIGKILL)
        self.wait()

    def _hear(self) -> int:
        with self._told:
            self.returncode = code = int(self._told.readline())
        return code


def begin(command: Sequence[str], env: Mapping[str, str], folder: Path, log: IO[bytes]) -> Forked:
    """Begin a part of the local stack."""
    return Forked(command, env, folder, log, log)


@cache
def _warm() -> socket.socket:
    """Return the line to the process from which others are forked.

    That process ends when the line does, and so with this one.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.warm"]
    with theirs:
        process = Popen(command, stdin=theirs.fileno(), env=outer_environment(), start_new_session=True)
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def fork_for_ever() -> None:
    """Fork a process for each request, until no process can ask any more."""
    for module in PRELOADED:
        import_module(module)
    # boto3 keeps the description of S3, which it reads first of all. It keeps nothing of this client's settings.
    boto3.client("s3", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    assert threading.active_count() == 1  # others would be missing from the forked process
    gc.freeze()  # or each process would take apart at its end the objects that it has from here
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for a keeper's exit code
    asked = socket.socket(fileno=sys.stdin.fileno())
    while (request := socket.recv_fds(asked, _LONGEST, 3))[0]:
        keeper = os.fork()
        if keeper == 0:
            asked.detach()  # which is its stdin, and will be another
            _keep(json.loads(request[0]), *request[1])
            return
        for number in request[1]:
            os.close(number)


def _keep(request: tuple[list[str], dict[str, str], str], out: int, err: int, told: int) -> None:
    """Fork the process and tell its id, and its exit code at its end, of which only a parent hears."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    command, env, folder = request
    process = os.fork()
    if process == 0:
        os.close(told)
        _become(env, folder, out, err)
        if _PRINTERS & {*command}:
            _bring_forkserver()
        _end_with(lambda: _perform(command))
    with contextlib.suppress(BrokenPipeError):  # if who asked is gone, nobody is told
        os.write(told, b"%d\n" % process)
        os.write(told, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    os._exit(0)


def _become(env: Mapping[str, str], folder: str, out: int, err: int) -> None:
    """Give this process a session, an environment, a folder and an output of its own, and no input."""
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, out, err)):
        os.dup2(file, number)
        os.close(file)


def _bring_forkserver() -> None:
    """Fork the process that becomes this one's forkserver, in place of a cold one, when that is to start."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = os.fork()
    if server == 0:
        ours.close()
        _await_work(theirs)
    theirs.close()
    start_cold = util.spawnv_passfds

    def start(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
        if "forkserver" not in args[-1]:
            return start_cold(path, args, passfds)
        util.spawnv_passfds = start_cold
        with ours:
            asked = json.dumps([args[-1], os.nice(0), dict(os.environ), *passfds]).encode()
            socket.send_fds(ours, [asked], passfds)
        return server

    util.spawnv_passfds = start


def _await_work(line: socket.socket) -> None:
    """Run the code that comes, as nice as its parent, in its environment and with its files. End with the line."""
    with line:
        asked, files, _, _ = socket.recv_fds(line, _LONGEST, 2)
    if asked:
        code, niceness, env, *numbers = json.loads(asked)
        os.environ.update(env)
        os.nice(niceness - os.nice(0))
        far = [fcntl.fcntl(file, fcntl.F_DUPFD, _FAR) for file in files]
        os.closerange(3, _FAR)
        for file, number in zip(far, numbers, strict=True):
            os.dup2(file, number)
            os.close(file)
        _end_with(lambda: exec(code, {}))  # noqa: S102  # what the forkserver's command line says
    os._exit(0)


def _perform(command: list[str]) -> None:
    if command[1:2] == ["-m"]:
        sys.argv = command[2:]
        runpy.run_module(command[2], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


def _end_with(program: Callable[[], None]) -> NoReturn:
    """End after a program as Python does, but take no module apart: that took most of a command's time."""
    code = None
    try:
        program()
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        raise SystemExit(code)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    fork_for_ever()
