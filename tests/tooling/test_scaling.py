"""docs/scaling.md describes the tables as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trackflow_web.kernel.database import db

TEXT = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| `(?P<table>\w+)` \| (?P<has>[^|]+) \| (?P<becomes>[^|]+) \| .* \|$", re.MULTILINE
)


@pytest.fixture(scope="module")
def rows():
    return {row["table"]: row for row in ROW.finditer(TEXT)}


@pytest.fixture(scope="module")
def tables(app_metadata):
    return app_metadata.tables


@pytest.fixture(scope="module")
def app_metadata():
    import trackflow_web.composition  # noqa: F401, PLC0415 -- registers every model

    return db.metadata


def test_every_table_is_assigned_to_shards(rows, tables):
    assert rows.keys() == tables.keys()
    assert f"of {len(tables)} tables" in TEXT


def test_tables_without_a_user_id_are_marked(rows, tables):
    without = {name for name, row in rows.items() if row["has"].strip("* ") in {"no", "its `id`"}}
    assert without == {name for name, table in tables.items() if "user_id" not in table.c}


def test_primary_keys_that_lack_the_user_are_counted(rows, tables):
    distributed = {name for name, row in rows.items() if "distributed" in row["becomes"]}
    by_user = distributed - {"limit_counts"}
    longer = {name for name in by_user - {"users"} if "user_id" not in tables[name].primary_key.c}
    assert f"{len(by_user)} are distributed by the user" in TEXT
    assert f"{len(longer)} need a longer primary key" in TEXT


def test_every_foreign_key_is_counted(rows, tables):
    keys = [key for table in tables.values() for key in table.foreign_key_constraints]
    added = [key for key in keys if _lies_beside(key, rows) and not _is_of_the_user(key)]
    gone = [key for key in keys if not _lies_beside(key, rows)]
    stay = len(keys) - len(added) - len(gone)
    assert (
        f"Of {len(keys)} foreign keys {stay} stay as they are, {len(added)} get `user_id` added"
    ) in " ".join(TEXT.split())
    assert f"and {len(gone)} are dropped, all of them to `users`" in " ".join(TEXT.split())


def _lies_beside(key, rows):
    """Return whether both ends are on the same node: same user, coordinator, or reference table."""
    here, there = (rows[name]["becomes"] for name in (key.table.name, key.referred_table.name))
    if "reference" in there:
        return True
    if "coordinator" in here or "coordinator" in there:
        return here == there
    return key.referred_table.name != "users" or _is_of_the_user(key)


def _is_of_the_user(key):
    """Return whether the key needs no further column."""
    if key.referred_table.name in {"achievements", "comments", "counting_periods", "feedback"}:
        return True
    whose = {"collaborations": "owner_id", "invitations": "inviter_id"}.get(
        key.table.name, "user_id"
    )
    return key.referred_table.name == "users" and [*key.columns.keys()] == [whose]
