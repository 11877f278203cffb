"""Logs: one event a line, as JSON in production, and a separate security log."""

from __future__ import annotations

import logging
import logging.handlers
from typing import TYPE_CHECKING

import structlog
from flask import g, has_request_context, request, session

from trackflow_web.domain import audit
from trackflow_web.domain.audit import SecurityEvent, note
from trackflow_web.web.caller import known_user_id

if TYPE_CHECKING:
    from flask import Response

    from trackflow_web.config import Config

OFF, STDERR = "off", "stderr"
FIRST_ERROR = 400
# The security event of an error response that has set none.
BY_STATUS = {403: SecurityEvent.NOT_ALLOWED, 429: SecurityEvent.LIMIT_HIT}


def prepare_process(config: Config) -> None:
    """Set up the logs of the process."""
    _connect_structlog(production=config.production)
    _connect_security_log(config.security_log)


def _connect_structlog(*, production: bool) -> None:
    # Plain tracebacks: rich ones show the values of variables, passwords among them.
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


def _connect_security_log(target: str) -> None:
    """Write it to standard error, or to a file that may be rotated while it is written."""
    for handler in list(audit.logger.handlers):
        audit.logger.removeHandler(handler)
        handler.close()
    audit.logger.propagate = False
    audit.logger.setLevel(logging.CRITICAL if target == OFF else logging.INFO)
    if target == STDERR:
        audit.logger.addHandler(logging.StreamHandler())
    elif target != OFF:
        audit.logger.addHandler(logging.handlers.WatchedFileHandler(target, delay=True))
    audit.use_origin(_origin)


def _origin() -> dict[str, object]:
    """Return the user, client address and route of the request without a database query."""
    if not has_request_context():
        return {}
    user_id = known_user_id()
    return {
        "user_id": user_id,
        # Rejected before it was known whether the session is still valid.
        "cookie_of": None if user_id else session.get("_user_id", "").partition(":")[0] or None,
        "address": request.remote_addr,
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
    }


def note_response(response: Response) -> Response:
    """Write rejections and actions of administrators to the security log."""
    event = g.get("refused_as") or BY_STATUS.get(response.status_code)
    if event:
        note(event, status=response.status_code)
    elif g.get("administrator_acts") and response.status_code < FIRST_ERROR:
        note(SecurityEvent.ADMINISTRATOR_ACTED, path=request.path)
    return response
