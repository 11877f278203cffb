"""What gunicorn serves in tests: the application, with its templates compiled once for all starts.

A worker that dies a hundred times a minute would else compile them a hundred times.
"""

from __future__ import annotations

import os

from jinja2 import FileSystemBytecodeCache

from trackflow_web import create_app

app = create_app()
app.jinja_env.bytecode_cache = FileSystemBytecodeCache(os.environ["COMPILED_TEMPLATES"])
