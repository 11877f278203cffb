"""The personal export."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.accounts import pieces as pieces_of_export
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.accounts.export import export
from trackflow_web.domain.imports import actions as imports
from trackflow_web.domain.imports import files
from trackflow_web.kernel.database import db

ADDRESS = "/settings/privacy/export"
# The place of the rows of each table in the document. A new table belongs here or in the others.
WHERE = {
    "users": "account",
    "avatars": "avatars",
    "covers": "covers",
    "share_images": "share_images",
    "credentials": "badges",
    "visits": "visits",
    "access_tokens": "tokens",
    "songs": "songs",
    "song_parts": "songs",
    "packs": "packs",
    "part_templates": "part_templates",
    "series": "series",
    "tracks": "series",
    "collaborations": "helped_by",
    "invitations": "invitations",
    "worked_together": "worked_with",
    "imports": "imports",
    "import_rows": "imports",
    "import_files": "previews",
    "chart_scans": "chart_uploads",
    "chart_scan_songs": "chart_uploads",
    "column_choices": "columns",
    "imported_playlists": "playlists",
    "spotify_connections": "connections",
    "webhooks": "webhooks",
    "webhook_deliveries": "webhook_deliveries",
    "feedback": "requests_and_reports",
    "comments": "comments",
    "comment_edits": "comment_versions",
    "comment_closings": "closed_threads",
    "mentions": "mentions",
    "reactions": "reactions",
    "feedback_votes": "votes",
    "user_achievements": "achievements",
    "user_stats": "numbers",
    "user_values": "different_values",
    "user_period_stats": "numbers_by_period",
    "user_category_completions": "category_completions",
    "leaderboard_scores": "leaderboard_scores",
    "charting_weeks": "charting_weeks",
    "break_weeks": "planned_breaks",
    "leaderboard_finals": "leaderboard_places",
    "activities": "activities",
    "feed": "feed",
    "feed_people": "feed_people",
    "feed_hidden": "feed_hidden",
    "highlights": "highlights",
    "award_grants": "grants",
    "catalogue_changes": "catalogue_changes",
    "recheck_runs": "rechecks",
    "mails": "mails",
    "account_decisions": "decisions",
    "follows": "following",
    "follow_notices": "follow_notices",
    "mutes": "mutes",
    "blocks": "blocks",
    "reports": "reports",
    "moderation_actions": "moderation",
    "muted_artists": "muted_artists",
    "removed_followers": "removed_followers",
    "notifications": "notifications",
    "notification_settings": "notification_settings",
    "notification_preferences": "notification_preferences",
    "notification_versions": "notification_version",
}
ABOUT_NOBODY = {
    *(
        "account_reservations",
        "achievements",
        "category_edition_achievements",
        "category_editions",
        "community_reports",
        "event_archives",
        "counting_periods",
        "feed_rebuilds",
        "seasons",
        "level_names",
        "holder_countings",
        "holder_counts",
        "holds",
        "leaderboard_closings",
        "limit_counts",
        "versions",
    ),
}
# Responses stored for a day, in case a request is repeated, and what a job has not written yet.
# What was deleted is kept for ten minutes, in case it is undone.
COPIES = {"answered_requests", "notification_fan_outs", "undo_steps"}


@pytest.fixture
def document(as_alice, full_life):
    return json.loads(as_alice.get(ADDRESS).html)


@pytest.mark.both_databases
def test_the_export_covers_every_table(document):
    assert set(WHERE) | ABOUT_NOBODY | COPIES == set(db.metadata.tables)
    assert set(WHERE.values()) <= set(document)


def test_the_export_contains_rows_of_every_table(document):
    empty = [name for name in WHERE.values() if not document[name]]
    assert empty == ["grants", "catalogue_changes", "rechecks"]  # Alice is no administrator
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


def test_the_export_has_collaborations_as_owner_and_as_collaborator(document):
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
    assert text.count("digest") == text.count('"digest": "never"') == 1  # how often mail comes
    assert "My script" in text


def test_the_export_omits_data_of_other_users(as_alice, full_life):
    text = as_alice.get(ADDRESS).html
    assert "bob@example.org" not in text
    assert "Good idea." not in text  # Bob's, about her request
    assert "Noise" not in text


def test_the_export_of_a_new_user_is_empty(as_charlie):
    document = json.loads(as_charlie.get(ADDRESS).html)
    assert document["songs"] == []
    assert document["account"]["username"] == "charlie"


def test_the_export_needs_a_session(stranger):
    assert stranger.get(ADDRESS).location.startswith("/login")


@pytest.fixture
def many_songs(app, alice, sized):
    """Add songs to Alice's account, as an import does; return how many."""
    number = sized(1_200, stress=10_000)
    lines = "".join(f"Song {n},Artist {n % 7}\n" for n in range(number))
    with working(app):
        playlist = files.read(f"title,artist\n{lines}".encode())
        import_id = imports.begin_file(alice.user, playlist, name="A list").id
    app.extensions["trackflow.jobs"].work.named["import"](import_id)
    return number


@pytest.mark.both_databases
@pytest.mark.fault("A4")
def test_the_export_holds_a_page_of_rows_and_no_connection(app, alice, many_songs):
    statements = []
    sizes = []
    with app.app_context():

        def note(_connection, _cursor, statement, *_others):
            statements.append(statement)

        sa.event.listen(db.engine, "before_cursor_execute", note)
        pieces = export(alice.user)
        db.session.rollback()  # what has loaded her is over
        statements.clear()
        text = [next(pieces)]
        assert not statements  # the response starts before anything is read
        for piece in pieces:
            sizes.append(len(piece))
            text.append(piece)
            assert not db.session().in_transaction()  # even if the client reads slowly
        sa.event.remove(db.engine, "before_cursor_execute", note)
    document = json.loads("".join(text))
    assert len(document["songs"]) == len({song["id"] for song in document["songs"]}) == many_songs
    assert [row["title"] for row in document["imports"][0]["rows"]] == [
        song["title"] for song in document["songs"]
    ]
    assert max(sizes) < len("".join(text)) / 4
    unlimited = [text for text in statements if "LIMIT" not in text and text.startswith("SELECT")]
    assert not unlimited


def test_the_export_is_sent_in_pieces(as_alice, many_songs):
    pieces = list(as_alice.client.get(ADDRESS, buffered=False).response)
    assert b"".join(pieces).count(b'"title"') > many_songs
    assert len(pieces) > many_songs / 500


def test_a_page_of_rows_starts_after_the_last_one(app, as_alice, alice, full_life, monkeypatch):
    whole = json.loads(as_alice.get(ADDRESS).html)
    with app.app_context():
        monkeypatch.setattr(pieces_of_export.selected, "__kwdefaults__", {"at_once": 1})
        monkeypatch.setattr(
            pieces_of_export.rows_of,
            "__kwdefaults__",
            pieces_of_export.rows_of.__kwdefaults__ | {"at_once": 1},
        )
        piece_by_piece = json.loads("".join(export(alice.user)))
    assert piece_by_piece == whole | {"exported_at": piece_by_piece["exported_at"]}


def test_an_account_that_is_deleted_during_its_export_ends_the_lists(app, alice, full_life):
    with working(app):
        pieces = export(alice.user)
        begun = next(pieces)
        delete_account(alice.user)
    with app.app_context():
        document = json.loads(begun + "".join(pieces))
    assert document["account"]["username"] == "alice"
    assert not any(document[name] for name in ("songs", "packs", "comments", "achievements"))
