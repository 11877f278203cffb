"""The application on a real port, in a thread of the test process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


class _Silent(WSGIRequestHandler):
    """Requests are no news here; what the application logs still is."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve until the block ends; return the address, without a slash at its end."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    # Otherwise closing waits for the connections that the browser keeps open.
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
