"""Structured logs on stderr: an event, its ids, never personal data or credentials."""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

_QUIET = ("httpx2", "httpcore2", "openai", "botocore", "boto3", "urllib3", "s3transfer", "pymongo", "stripe")


def set_up_logs(form: Literal["json", "text"], process: str) -> None:
    """Send all logs of this process, the libraries' too, to stderr as lines of `form`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Neither form shows local variables, as both would by default: they hold customers' words.
    renderer: Processor = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    if form == "json":
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        shared.append(structlog.processors.ExceptionRenderer(frames))
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
    structlog.contextvars.bind_contextvars(process=process)
