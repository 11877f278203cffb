"""Reported faults that span several features."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.domain.imports import actions as imports
from trackflow_web.domain.imports import files, undo
from trackflow_web.domain.imports.models import Import
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db

YEARS = {
    "1999.0": 1999,
    "1999-05-03": 1999,
    "03/05/1999": 1999,
    ", 1994": 1994,
    "2001": 2001,
    "TBA": None,
    "abc": None,
    "0": None,
    "0999": None,
    "9999": None,
    "19991": None,
    "": None,
}


@pytest.mark.fault("8")
def test_form_api_and_csv_read_the_same_year(app, alice, as_alice):
    rows = ""
    for number, text in enumerate(YEARS):
        as_alice.post("/songs/", title=f"Form {number}", artist="A", year=text)
        as_alice.api("POST", "/api/songs/", {"title": f"API {number}", "artist": "A", "year": text})
        rows += f'CSV {number},A,"{text}"\n'
    as_alice.api("POST", "/api/imports/", {"file": f"title,artist,year\n{rows}", "name": "A list"})
    with app.app_context():
        found = dict(
            db.session.execute(
                sa.select(Song.title, Song.year).where(Song.user_id == alice.id)
            ).all()
        )
    for way in ("Form", "API", "CSV"):
        assert [found[f"{way} {n}"] for n in range(len(YEARS))] == list(YEARS.values()), way


@pytest.mark.fault("8")
@pytest.mark.parametrize("number", [0, 999, 3000, 10**30])
def test_an_api_number_that_is_not_a_year_is_rejected_by_name(as_alice, number):
    song = {"title": "One", "artist": "Metallica", "year": number}
    answer = as_alice.api("POST", "/api/songs/", song)
    assert (answer.status, list(answer.json["errors"])) == (422, ["year"])


@pytest.mark.fault("D4")
def test_withdrawing_lowers_the_counter_and_keeps_the_award(app, alice, as_alice):
    address = as_alice.post("/features/", title="Undo", description="Please.").location

    def standing():
        with app.app_context():
            awards = sa.select(sa.func.count()).where(UserAchievement.user_id == alice.id)
            return numbers_of(alice.id)["total_feature_requests"], db.session.scalar(awards)

    assert standing() == (1, 1)
    as_alice.post(f"{address}/withdraw")
    assert standing() == (0, 1)


@pytest.mark.fault("A5")
@pytest.mark.both_databases
def test_an_undo_right_after_large_imports_completes(app, alice, sized):
    """PostgreSQL has no statistics of the new rows yet."""
    number = sized(200, stress=10_000)
    run, ids = app.extensions["trackflow.jobs"].work.named["import"], []
    for part in range(3):
        lines = "".join(f"Song {part}.{n},Artist {n % 9}\n" for n in range(number))
        with working(app):
            file = files.read(f"title,artist\n{lines}".encode())
            ids.append(imports.begin_file(alice.user, file, name=f"List {part}").id)
        run(ids[-1])
    for import_id in ids:
        with working(app):
            undo.request(db.session.get_one(Import, import_id, with_for_update=True))
        run(import_id)
    with app.app_context():
        assert set(db.session.scalars(sa.select(Import.state))) == {"undone"}
        assert numbers_of(alice.id)["total_songs"] == 0
