"""The WSGI application, for gunicorn and for `flask --app wsgi`."""

from trackflow_web import create_app

app = create_app()
