"""The migrations lead from nothing to the tables of the models, and back."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa

from tests.support.databases import close, run_command
from tests.support.settings import settings_for
from tests.support.web_server import ROOT, environment
from trackflow_web import create_app
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases


@pytest.fixture
def empty_app(databases):
    """The application on a database without any table."""
    url = databases.empty()
    app = create_app(settings_for(url))
    yield app
    close(app)
    databases.drop(url)


def tables(app):
    """The tables of the models; Alembic and the queue of jobs have their own."""
    with app.app_context():
        names = set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}
    return {name for name in names if not name.startswith("huey_")}


def test_the_first_upgrade_makes_every_table(empty_app):
    run_command(empty_app, "db", "upgrade")
    assert tables(empty_app) == set(db.metadata.tables)


def test_models_and_migrations_say_the_same(app):
    run_command(app, "db", "check")


def test_down_to_nothing_and_up_again(empty_app):
    run_command(empty_app, "db", "upgrade")
    run_command(empty_app, "db", "downgrade", "base")
    assert tables(empty_app) == set()
    run_command(empty_app, "db", "upgrade")
    run_command(empty_app, "db", "check")


def test_upgrading_twice_changes_nothing(app):
    before = tables(app)
    run_command(app, "db", "upgrade")
    assert tables(app) == before


def test_two_that_migrate_at_once_make_the_tables_once(databases, tmp_path):
    url = databases.empty()
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    surroundings = environment(url, INSTANCE_PATH=tmp_path)
    both = [
        subprocess.Popen(command, cwd=ROOT, env=surroundings, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    app = create_app(settings_for(url))
    assert tables(app) == set(db.metadata.tables)
    close(app)
    databases.drop(url)
