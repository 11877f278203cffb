"""Everything that runs around a view, in the order in which it runs.

Pages, API and embeds register no hooks of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from trackflow_web.web import (
    after_action,
    assets,
    authentication,
    avatars,
    chart_files,
    compression,
    covers,
    csrf,
    errors,
    formats,
    headers,
    htmx,
    limits,
    menus,
    messages,
    notifications,
    out_of_band,
    part_marks,
    reaction_buttons,
    repeats,
    session,
    templating,
    theme,
    unit_of_work,
    urls,
    visits,
)
from trackflow_web.web.after_response import AfterResponse
from trackflow_web.web.ops import logs, metrics

if TYPE_CHECKING:
    from flask import Flask

    from trackflow_web.config import Config

MODULES = (
    session,
    csrf,
    out_of_band,
    compression,
    assets,
    templating,
    formats,
    reaction_buttons,
    urls,
    errors,
    repeats,
    avatars,
    covers,
    theme,
    messages,
    menus,
    part_marks,
    notifications,
)
BEFORE_REQUEST = (
    limits.reject_nul,
    # First, so that the transaction that loads the user is the one the action writes in.
    unit_of_work.begin,
    # Before anything reads the form.
    limits.limit_body,
    # Before any query: a client may send its body one byte at a time.
    limits.receive_body,
    # Before anything is done for the owner of the cookie.
    csrf.check_page_token,
    csrf.reject_cross_site,
    # Before the transaction that writes: reading them takes long.
    chart_files.read_ahead,
    # Before the view, so that what the visit earns is shown with it.
    visits.record_visit,
    # From here on the caller of API requests is known, too.
    authentication.authenticate_api,
    limits.limit_searches,
    authentication.authorize_api_write,
    # Last: the caller and their permissions are known.
    repeats.answer_repeated,
)
AFTER_REQUEST = (
    # First: it may replace the response by an error page, which then gets all that follows.
    after_action.end_unit_of_work,
    htmx.vary,
    # After everything that changes the body.
    compression.compress,
    headers.limit_caching,
    # After that one, because an error page at the URL of a file must not be cached.
    assets.limit_caching,
    # Last, when it is known what became of the request.
    logs.note_response,
)
TEARDOWN_REQUEST = (unit_of_work.end,)


def init_app(app: Flask, config: Config) -> None:
    """Register everything that runs around views."""
    for module in MODULES:
        module.init_app(app)
    for before in BEFORE_REQUEST:
        app.before_request(before)
    for after in reversed(AFTER_REQUEST):  # Flask calls the one registered last first
        app.after_request(after)
    for teardown in TEARDOWN_REQUEST:
        app.teardown_request(teardown)
    _add_middleware(app, config)


def _add_middleware(app: Flask, config: Config) -> None:
    """Wrap the application, from the inside out."""
    # Innermost: only what the application itself has sent is confirmed.
    app.wsgi_app = AfterResponse(app.wsgi_app)  # type: ignore[method-assign]
    # Before anything reads the address of the client.
    if proxies := config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    # No hook, because an exception in one after-request function would skip the others.
    app.wsgi_app = headers.SecurityHeaders(  # type: ignore[method-assign]
        app.wsgi_app, https=config.production, extra=config.hsts_extra
    )
    # Outermost: what the layers inside reject is counted, too.
    metrics.init_app(app, config)
