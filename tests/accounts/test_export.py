"""The copy of everything that is kept about somebody."""

from __future__ import annotations

import json

import pytest

from trackflow_web.kernel.database import db

ADDRESS = "/settings/privacy/export"
# Where the rows of each table stand in the document. A new table belongs here, or among the others.
WHERE = {
    "users": "account",
    "visits": "visits",
    "access_tokens": "tokens",
    "songs": "songs",
    "song_parts": "songs",
    "packs": "packs",
    "series": "series",
    "tracks": "series",
    "collaborations": "helped_by",
    "imports": "imports",
    "import_rows": "imports",
    "import_files": "previews",
    "column_choices": "columns",
    "imported_playlists": "playlists",
    "spotify_connections": "connections",
    "feedback": "requests_and_reports",
    "feedback_comments": "comments",
    "feedback_votes": "votes",
    "user_achievements": "achievements",
    "user_stats": "numbers",
    "user_values": "different_values",
    "user_period_stats": "numbers_by_period",
    "activities": "activities",
    "recheck_runs": "rechecks",
    "mails": "mails",
    "account_decisions": "decisions",
}
ABOUT_NOBODY = {
    *("account_reservations", "achievements", "counting_periods", "limit_counts", "versions"),
}
# Responses that are kept for a day, in case a request is sent again.
COPIES = {"answered_requests"}


@pytest.fixture
def document(as_alice, full_life):
    return json.loads(as_alice.get(ADDRESS).html)


@pytest.mark.both_databases
def test_the_export_covers_every_table(document):
    assert set(WHERE) | ABOUT_NOBODY | COPIES == set(db.metadata.tables)
    assert set(WHERE.values()) <= set(document)


def test_the_export_contains_rows_of_every_table(document):
    empty = [name for name in WHERE.values() if not document[name]]
    assert empty == ["rechecks"]  # Alice is no administrator
    assert document["helping"]


def test_the_export_is_a_file_named_after_the_user(as_alice):
    answer = as_alice.get(ADDRESS)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert 'filename="trackflow-alice.json"' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_songs_come_with_their_parts_and_albums_with_their_tracks(document):
    one = next(song for song in document["songs"] if song["title"] == "One")
    assert [(part["part"], part["state"]) for part in one["parts"]] == [("drums", "done")]
    assert one["released_at"].endswith("+00:00")
    tracks = document["series"][0]["tracks"]
    assert [(track["title"], track["song_id"]) for track in tracks] == [
        ("One", one["id"]),
        ("Blackened", None),
    ]


def test_the_export_has_collaborations_of_both_sides(document):
    assert {(row["title"], row["with"]) for row in document["helped_by"]} == {
        ("Battery", "bob"),
        ("Orion", "bob"),
    }
    assert [(row["title"], row["with"]) for row in document["helping"]] == [("Creep", "bob")]


def test_the_export_contains_no_secret(app, as_alice, alice, full_life):
    with app.app_context():
        user = alice.user
        secrets = [user.password_hash, user.session_stamp, full_life.token, "sealed-by"]
    text = as_alice.get(ADDRESS).html
    assert not [secret for secret in secrets if secret in text]
    assert "digest" not in text
    assert "My script" in text


def test_what_others_wrote_and_have_is_theirs(as_alice, full_life):
    text = as_alice.get(ADDRESS).html
    assert "bob@example.org" not in text
    assert "Good idea." not in text  # Bob's, about her request
    assert "Noise" not in text


def test_who_has_nothing_gets_that(as_charlie):
    document = json.loads(as_charlie.get(ADDRESS).html)
    assert document["songs"] == []
    assert document["account"]["username"] == "charlie"


def test_the_export_needs_a_session(stranger):
    assert stranger.get(ADDRESS).location.startswith("/login")
