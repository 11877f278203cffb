"""The application that gunicorn serves for `pages`: TrackFlow and a view with stored bytes."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from trackflow_web import create_app

BYTES = Path(os.environ["BENCH_BYTES"]).read_bytes()
memory = Flask(__name__)


@memory.get("/")
def answer() -> bytes:
    """Return the stored bytes of the page."""
    return BYTES


app = DispatcherMiddleware(create_app(), {"/memory": memory})
