"""Structured logs on stderr: an event, its ids, never personal data or credentials."""

import logging
import sys
import traceback
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import ExcInfo, Processor

from infra.errors import describe

#: The logger of all modules: an event by its name, with its facts.
log = structlog.get_logger()

_QUIET = ("httpx2", "httpcore2", "openai", "botocore", "boto3", "urllib3", "s3transfer", "pymongo", "stripe")


def set_up_logs(form: Literal["json", "text"], process: str) -> None:
    """Send all logs of this process, the libraries' too, to stderr as lines of `form`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Neither form shows local variables or the words of an error, as both would by default: they quote customers.
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_write_frames)
    if form == "json":
        shared.append(structlog.processors.ExceptionRenderer(_frames_of))
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Dramatiq logs message arguments at debug level and a full traceback for each failure, which we record.
    logging.getLogger("dramatiq").setLevel(logging.WARNING)
    # asyncio quotes the exception of a task that nobody awaited, in the lines after the first.
    logging.getLogger("asyncio").addFilter(_keep_first_line)
    structlog.contextvars.bind_contextvars(process=process)


_AS_DICTS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def _frames_of(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Return an exception and its causes as types and frames; the exception is described, its causes are not."""
    shown = [{name: one[name] for name in ("exc_type", "is_cause", "frames")} for one in _AS_DICTS(exc_info)]
    shown[0]["exc_value"] = describe(exc_info[1])
    return shown


def _write_frames(out: TextIO, exc_info: ExcInfo) -> None:
    """Write where an exception was raised, and its description."""
    kind, error, trace = exc_info
    out.write("".join(["\n", *traceback.format_tb(trace), f"{kind.__name__}: {describe(error)}"]))


def _keep_first_line(record: logging.LogRecord) -> bool:
    record.msg, record.args = record.getMessage().partition("\n")[0], None
    return True
