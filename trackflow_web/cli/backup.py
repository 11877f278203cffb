"""The command that backs the database up."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError

from trackflow_web.kernel.backup import BackupFailed, back_up
from trackflow_web.kernel.database import db, server_version

NO_ANSWER = "The database does not answer: nothing was backed up."


def command() -> click.Command:
    """`flask backup`."""

    @click.command("backup")
    @click.argument("target", type=click.Path(path_type=Path), default=Path())
    @with_appcontext
    def backup(target: Path) -> None:
        """Back the database up while people work, into a new file TARGET or into a folder."""
        try:
            file = back_up(db.engine.url, target, server_version=server_version())
        except BackupFailed as failure:
            raise click.ClickException(str(failure)) from None
        except OperationalError:
            raise click.ClickException(NO_ANSWER) from None
        click.echo(f"Backed up to {file} ({file.stat().st_size:,} bytes).")

    return backup
