"""The event stream of the bell: one per browser, of version numbers only."""

from __future__ import annotations

from functools import partial

from flask import Response, request

from trackflow_web.pages.notifications.views import pages
from trackflow_web.web.extensions import streams
from trackflow_web.web.session import identity_of_cookie, login_required

# Where web servers have the connection of a request.
SOCKETS = ("gunicorn.socket", "werkzeug.socket")


@pages.get("/stream")
@login_required
def stream() -> Response:
    """Send the version of the bell whenever it changes.

    204 without LIVE_STREAMS and when too many are open: a browser does not come back by itself
    then, and asks now and then instead.
    """
    identity = identity_of_cookie()
    is_read = request.method == "GET"
    opened = streams().open(*identity, client=_client()) if identity and is_read else None
    if opened is None:
        return Response(status=204)
    # nginx would collect the messages.
    response = Response(opened, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    response.call_on_close(partial(streams().close, opened))
    return response


def _client() -> int | None:
    """Return the file descriptor of the client's connection, if the server tells it."""
    for name in SOCKETS:
        if name in request.environ:
            descriptor: int = request.environ[name].fileno()
            return descriptor
    return None
