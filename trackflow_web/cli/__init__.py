"""The commands: `flask --app wsgi ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask_migrate import Migrate

from trackflow_web.cli import achievements, backup, demo, jobs, people
from trackflow_web.kernel.database import db, unhurried

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from trackflow_web.kernel.unit_of_work import Listener


def connect(app: Flask, listeners: Sequence[Listener]) -> None:
    """Give an application its commands, `flask db` among them."""
    Migrate(app, db, render_as_batch=True, compare_type=True)
    for command in (
        achievements.commands(listeners),
        people.commands(listeners),
        demo.command(listeners),
        jobs.commands(),
        backup.command(),
    ):
        app.cli.add_command(_unhurried(command))


def _unhurried(command: click.Command) -> click.Command:
    """Let what a command asks of the database take longer than a page may."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _unhurried(each)
    elif command.callback is not None:
        command.callback = unhurried()(command.callback)
    return command
