"""The one blueprint that every module of the API adds its views to; `web/hooks.py` protects it."""

from __future__ import annotations

from flask import Blueprint

api = Blueprint("api", __name__, url_prefix="/api")

# What is returned where nothing is left to show.
NO_CONTENT = ("", 204)
