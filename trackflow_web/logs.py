"""The log: one event a line, as JSON in production."""

from __future__ import annotations

import structlog


def connect(*, production: bool) -> None:
    """Set up structlog for the process."""
    # Plain tracebacks: the handsome ones show the values of variables, passwords among them.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if production else console
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if production else []),
            renderer,
        ],
        cache_logger_on_first_use=False,
    )
