"""What gunicorn serves while pages are measured: TrackFlow, and beside it bytes from memory."""

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
    """The page as it was once."""
    return BYTES


app = DispatcherMiddleware(create_app(), {"/memory": memory})
