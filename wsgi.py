"""The WSGI application, for gunicorn and for `flask --app wsgi`."""

import os

from trackflow_web import create_app
from trackflow_web.jobs.consumer import JobThread

app = create_app()

# `flask run --debug` has two processes: one that watches the files, and one that serves. Under
# gunicorn its own file of settings does this.
if os.environ.get("WERKZEUG_RUN_MAIN") == "true" and app.extensions["trackflow.jobs"].in_thread:
    JobThread(app.extensions["trackflow.jobs"]).start()
