"""Whether the site can answer, for load balancers."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from trackflow_web.kernel.database import db

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def check() -> Response:
    """200 `ok` when the database answers, else 503."""
    try:
        db.session.execute(sa.text("SELECT 1"))
    except SQLAlchemyError:
        return Response("the database does not answer", status=503, mimetype="text/plain")
    return Response("ok", mimetype="text/plain")
