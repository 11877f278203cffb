"""Everything a database holds, to see that nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from flask import Flask

# Attempts are counted regardless of their outcome.
COUNTS = {"limit_counts"}


def snapshot(app: Flask) -> dict[str, list[str]]:
    """The rows of every table, in an order of their own."""
    with app.app_context():
        return {
            table.name: sorted(map(repr, db.session.execute(sa.select(table))))
            for table in db.metadata.sorted_tables
            if table.name not in COUNTS
        }
