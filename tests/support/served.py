"""The application that gunicorn serves in tests, with templates compiled once for all starts.

Otherwise a worker that is killed a hundred times a minute would compile them each time.
"""

from __future__ import annotations

import os

from jinja2 import FileSystemBytecodeCache

from trackflow_web import create_app

app = create_app()
app.jinja_env.bytecode_cache = FileSystemBytecodeCache(os.environ["COMPILED_TEMPLATES"])
