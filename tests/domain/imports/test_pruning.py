"""Limits of stored imports, and the deletion of old ones."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.domain.imports import actions, files, previews, pruning, undo
from trackflow_web.domain.imports.models import ColumnChoice, Import, ImportFile, ImportRow
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

pytestmark = pytest.mark.both_databases

ROWS = 20


def content(first=0):
    lines = "".join(
        f"Song {n},Artist {n % 5},spotify:track:{n}\n" for n in range(first, first + ROWS)
    )
    return f"title,artist,Track URI\n{lines}".encode()


@pytest.fixture
def bring(app, alice):
    def run(number=0):
        with working(app):
            playlist = files.read(content(number * ROWS))
            import_id = actions.begin_file(alice.user, playlist, name=f"List {number}").id
        app.extensions["trackflow.jobs"].work.named["import"](import_id)
        return import_id

    return run


def count(app, model):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def test_rows_of_the_oldest_imports_are_deleted_first(app, alice, bring, most):
    most(MAX_IMPORT_ROWS=3 * ROWS)
    for number in range(8):
        bring(number)
    assert count(app, ImportRow) <= 4 * ROWS
    with app.app_context():
        assert numbers_of(alice.id)["total_songs"] == 8 * ROWS


def test_an_import_without_its_rows_can_still_be_undone(app, alice, bring):
    import_id = bring()
    with working(app):
        pruning.drop_rows([import_id])
        undo.request(db.session.get_one(Import, import_id, with_for_update=True))
    app.extensions["trackflow.jobs"].work.named["import"](import_id)
    with app.app_context():
        assert db.session.get_one(Import, import_id).removed == ROWS
        assert numbers_of(alice.id)["total_songs"] == 0


def test_the_number_of_imports_of_an_account_is_limited(app, alice, bring, most):
    most(MAX_IMPORTS=5)
    for _ in range(9):
        bring()  # the first one brings songs, the others find them there
    assert count(app, Import) == 5
    with app.app_context():
        assert numbers_of(alice.id)["total_spotify_imports"] == 1
    for number in range(1, 5):
        bring(number)
    with pytest.raises(Invalid, match="up to 5 imports whose songs are still there"):
        bring(9)


def test_maintenance_deletes_old_import_rows(app, alice, bring, clock):
    undone, done = bring(0), bring(1)
    with working(app):
        undo.request(db.session.get_one(Import, undone, with_for_update=True))
    jobs = app.extensions["trackflow.jobs"]
    jobs.work.named["import"](undone)
    clock.move(days=8)
    jobs.sweep()
    with app.app_context():
        kept = db.session.scalars(sa.select(ImportRow.import_id).distinct()).all()
    assert kept == [done]
    clock.move(days=90)
    jobs.sweep()
    assert count(app, ImportRow) == 0
    assert count(app, Import) == 2


def test_starting_a_preview_deletes_its_file(app, alice):
    with working(app):
        item = previews.begin(alice.user, content(), name="Mix")
        import_id = item.id
    assert count(app, ImportFile) == 1
    with working(app):
        previews.start(db.session.get_one(Import, import_id, with_for_update=True))
    assert count(app, ImportFile) == 0
    app.extensions["trackflow.jobs"].work.named["import"](import_id)


def test_the_number_of_remembered_column_choices_is_limited(app, alice, monkeypatch):
    monkeypatch.setattr(previews, "MOST_CHOICES", 3)
    for number in range(5):
        with working(app):
            sheet = f"What {number},Who\nOne,Anna\n".encode()
            item = previews.begin(alice.user, sheet, name=f"Sheet {number}")
            previews.choose(item, columns={"title": "0", "artist": "1"})
    assert count(app, ColumnChoice) == 3
