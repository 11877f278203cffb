"""Declaring event types: payloads are checked, stored as JSON and read back."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from trackflow_web.domain.events import CollaboratorRemoved, PackCreated, SongDeleted, Visited
from trackflow_web.kernel import event_types
from trackflow_web.kernel.event_types import Payload, decode, encode
from trackflow_web.kernel.events import record


@pytest.fixture
def declare(monkeypatch):
    """`declare("knocked", note="")`: an event type for this test only."""
    monkeypatch.setattr(event_types, "_types", {})

    def declare(name, **fields):
        annotations = {field: type(default) for field, default in fields.items()}
        cls = type("Knocked", (Payload,), {**fields, "__annotations__": annotations})
        return event_types.event_type(name, "door")(cls)

    return declare


def test_a_payload_with_an_invalid_value_is_rejected():
    with pytest.raises(ValidationError, match="name"):
        PackCreated(name=7)


def test_a_payload_with_an_unknown_field_is_rejected():
    with pytest.raises(ValidationError, match="colour"):
        PackCreated(name="Stadium Night", colour="red")


def test_a_payload_read_from_a_row_without_a_newer_field_has_its_default(declare):
    declare("knocked", note="softly")
    assert decode("knocked", {}).note == "softly"


def test_a_payload_is_read_without_fields_that_were_removed_since(declare):
    declare("knocked", note="softly")
    assert decode("knocked", {"note": "hard", "times": 3}).note == "hard"


def test_a_row_of_an_event_type_that_is_not_declared_any_more_has_an_empty_payload():
    payload = decode("unheard_of", {"title": "One"})
    assert type(payload) is Payload


def test_an_event_name_cannot_be_declared_twice(declare):
    declare("knocked")
    with pytest.raises(ValueError, match="knocked"):
        declare("knocked")


def test_an_event_about_a_subject_of_another_type_cannot_be_recorded(app):
    with app.app_context(), pytest.raises(ValueError, match="pack_created"):
        record(PackCreated(name="One"), user_id=1, subject_type="song", subject_id=1)


def test_a_field_that_was_renamed_is_read_from_older_rows():
    removed = decode("collaborator_removed", {"title": "One", "with": 7})
    assert isinstance(removed, CollaboratorRemoved)
    assert removed.collaborator_id == 7


def test_dates_and_milestones_survive_a_json_round_trip():
    for name, stored in (
        ("visited", {"day": "2026-03-01", "run": 2, "longest": True}),
        (
            "song_deleted",
            {
                "title": "One",
                "artist": "Metallica",
                "artist_key": "metallica",
                "year": None,
                "was": ["planned", "released"],
                "pack_id": 3,
                "done_by": [2],
                "released_at": "2026-03-01T12:00:00Z",
                "import_id": None,
            },
        ),
    ):
        payload = decode(name, stored)
        assert isinstance(payload, Visited | SongDeleted)
        assert json.loads(json.dumps(encode(payload))) == stored
