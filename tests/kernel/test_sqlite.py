"""The settings with which SQLite loses nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.kernel.database import db

THREADS, ROUNDS = 8, 6


def test_read_then_write_loses_no_update(app, alice):
    with working(app):
        alice.user.timezone = "0"

    def count_up(_thread):
        for _ in range(ROUNDS):
            with working(app):
                user = alice.user
                user.timezone = str(int(user.timezone) + 1)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(count_up, range(THREADS)))
    with app.app_context():
        assert alice.user.timezone == str(THREADS * ROUNDS)


def test_sqlite_syncs_every_commit(app):
    with app.app_context():
        settings = {
            name: db.session.scalar(sa.text(f"PRAGMA {name}"))
            for name in ("foreign_keys", "journal_mode", "synchronous")
        }
    assert settings == {"foreign_keys": 1, "journal_mode": "wal", "synchronous": 2}  # 2 is FULL
