"""The commands: `flask --app wsgi ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask_migrate import Migrate

from trackflow_web.cli import achievements, backup, credentials, demo, events, jobs, people
from trackflow_web.kernel.database import db, without_timeouts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from trackflow_web.kernel.events import Handler


def init_app(app: Flask, handlers: Sequence[Handler]) -> None:
    """Register the commands with an application, including `flask db`."""
    Migrate(app, db, render_as_batch=True, compare_type=True)
    for command in (
        achievements.commands(handlers),
        people.commands(handlers),
        demo.command(handlers),
        jobs.commands(),
        backup.command(),
        events.commands(),
        credentials.commands(),
    ):
        app.cli.add_command(_without_timeouts(command))


def _without_timeouts(command: click.Command) -> click.Command:
    """Allow a command's statements to run longer than those of a request."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _without_timeouts(each)
    elif command.callback is not None:
        command.callback = without_timeouts()(command.callback)
    return command
