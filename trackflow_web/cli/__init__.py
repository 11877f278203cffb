"""The commands: `flask --app wsgi ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_migrate import Migrate

from trackflow_web.cli import achievements, demo, jobs, people
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from trackflow_web.kernel.unit_of_work import Listener


def connect(app: Flask, listeners: Sequence[Listener]) -> None:
    """Give an application its commands, `flask db` among them."""
    Migrate(app, db, render_as_batch=True, compare_type=True)
    app.cli.add_command(achievements.commands(listeners))
    app.cli.add_command(people.commands(listeners))
    app.cli.add_command(demo.command(listeners))
    app.cli.add_command(jobs.commands())
