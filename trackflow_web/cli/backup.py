"""The command that backs the database up."""

from __future__ import annotations

from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError

from trackflow_web.kernel.backup import BackupFailed, back_up
from trackflow_web.kernel.database import db, server_version
from trackflow_web.web import extensions

NO_ANSWER = "The database does not answer: nothing was backed up."


def command() -> click.Command:
    """`flask backup`."""

    @click.command("backup")
    @click.argument("target", type=click.Path(path_type=Path), default=Path())
    @with_appcontext
    def backup(target: Path) -> None:
        """Back the database up while people work, into a new file TARGET or into a folder."""
        try:
            file = back_up(_url(), target, server_version=server_version())
        except BackupFailed as failure:
            raise click.ClickException(str(failure)) from None
        except OperationalError:
            raise click.ClickException(NO_ANSWER) from None
        click.echo(f"Backed up to {file} ({file.stat().st_size:,} bytes).")

    return backup


def _url() -> sa.URL:
    """Return the URL of the database past a pooler: pg_dump needs one session."""
    direct = extensions.settings().database_direct_url
    return sa.make_url(direct) if direct else db.engine.url
