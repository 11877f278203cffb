"""The one blueprint that every module of the API adds its views to."""

from __future__ import annotations

from flask import Blueprint
from flask_wtf.csrf import CSRFError

from trackflow_web.api.core import auth, problems

api = Blueprint("api", __name__, url_prefix="/api")
api.before_request(auth.admit)
api.register_error_handler(Exception, problems.answer)
# Flask prefers the handler of a status, wherever it stands, and this error has one of its own.
api.register_error_handler(CSRFError, problems.answer)
