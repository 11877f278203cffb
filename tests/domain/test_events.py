"""The events that features declare: names and payloads that are stored already stay readable."""

from __future__ import annotations

import importlib
import pkgutil

import trackflow_web.achievements.events
from trackflow_web import domain
from trackflow_web.domain import events
from trackflow_web.kernel.event_types import Payload, declared, decode, encode

SONG = {"title": "One", "artist": "Metallica", "artist_key": "metallica", "year": 1988}
AWARD = {"code": "dreamer", "points": 10, "counts": True}
IMPORT = {"name": "Mine", "source": "file", "status": "future"}
PACK, SERIES, FEEDBACK = {"name": "Live"}, {"artist": "Boston", "album": "Boston"}, {"title": "X"}
# As the first release stored them.
FIRST_ROWS = {
    "person_registered": {"username": "alice"},
    "visited": {"day": "2026-03-01", "run": 1, "longest": True},
    "song_added": SONG,
    "song_edited": {
        **SONG,
        "before": {"artist_key": "metallica", "year": None},
        "was": ["planned"],
    },
    "song_deleted": {**SONG, "was": ["planned"], "pack_id": None},
    "song_planned": {**SONG, "pack_id": None},
    "song_started": {**SONG, "pack_id": 1},
    "song_released": {**SONG, "pack_id": None},
    "song_finished": {**SONG, "pack_id": None},
    "song_authored": {**SONG, "pack_id": None},
    "song_no_longer_authored": {**SONG, "pack_id": None},
    "songs_imported": IMPORT,
    "songs_unimported": IMPORT,
    "playlist_imported": IMPORT,
    "playlist_unimported": IMPORT,
    "pack_created": PACK,
    "pack_deleted": {**PACK, "was_complete": False},
    "pack_changed": PACK,
    "pack_completed": PACK,
    "pack_reopened": PACK,
    "series_created": SERIES,
    "series_deleted": {**SERIES, "was_complete": True},
    "series_changed": SERIES,
    "series_completed": SERIES,
    "series_reopened": SERIES,
    "collaborator_added": {**SONG, "with": 2},
    "collaborator_removed": {"account_deleted": True},
    "collaboration_joined": {**SONG, "of": 1},
    "collaboration_left": {**SONG, "of": 1},
    "feature_requested": FEEDBACK,
    "feature_request_dropped": FEEDBACK,
    "feature_request_taken_up": FEEDBACK,
    "bug_reported": FEEDBACK,
    "bug_report_dropped": FEEDBACK,
    "bug_report_taken_up": FEEDBACK,
    "achievement_unlocked": AWARD,
    "achievements_backfilled": {"codes": ["dreamer"], "points": 10},
    "achievement_revoked": {**AWARD, "reason": "A test account."},
    "achievement_restored": AWARD,
}


def test_rows_of_the_first_release_are_read_as_typed_events():
    for name, data in FIRST_ROWS.items():
        payload = decode(name, data)
        assert type(payload) is not Payload, name
        assert decode(name, encode(payload)) == payload, name


def test_every_event_type_is_exported_by_domain_events():
    for module in pkgutil.walk_packages(domain.__path__, f"{domain.__name__}."):
        if module.name.endswith(".events"):
            importlib.import_module(module.name)
    of_the_domain = {
        cls for cls in declared() if cls.__module__ != trackflow_web.achievements.events.__name__
    }
    assert of_the_domain == {getattr(events, name) for name in events.__all__}


def test_every_event_type_has_a_subject_and_fits_its_columns():
    for cls in declared():
        assert cls.subject_types, cls
        assert all(len(subject_type) <= 20 for subject_type in cls.subject_types), cls
        assert cls.__doc__, cls
