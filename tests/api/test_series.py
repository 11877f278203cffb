"""The API of album series."""

from __future__ import annotations

import pytest

from tests.support.people import work_together

ALBUM = {"artist": "Metallica", "album": "Metallica", "year": 1991}
TOO_LONG, TOO_MANY = "x" * 201, ["x"] * 201


@pytest.fixture
def song(program):
    return program.post("/api/songs/", title="One", artist="Metallica", status="released").json


@pytest.fixture
def series(program):
    return program.post("/api/series/", **ALBUM, tracks="One\n\nTwo\n").json


def test_creating_a_series_returns_its_location(program, song):
    answer = program.post("/api/series/", **ALBUM, tracks=["One", "", "Two"])

    assert answer.status_code == 201
    assert answer.location == f"/api/series/{answer.json['id']}"
    assert program.get(answer.location).json == answer.json
    assert answer.json | {"created_at": ""} == {
        "id": answer.json["id"],
        **ALBUM,
        "relevant": 2,
        "released": 0,
        "created_at": "",
        "completed_at": None,
        "tracks": [
            {
                "id": 1,
                "title": "One",
                "song_id": None,
                "irrelevant": False,
                "suggested_song_id": song["id"],
            },
            {
                "id": 2,
                "title": "Two",
                "song_id": None,
                "irrelevant": False,
                "suggested_song_id": None,
            },
        ],
    }


@pytest.mark.both_databases
def test_the_list_is_paginated_newest_first(program, program_of, bob):
    program_of(bob).post("/api/series/", **ALBUM, tracks="One")
    for album in ("First", "Second", "Third"):
        program.post("/api/series/", artist="A", album=album, tracks=["One", "Two"])
    first = program.get("/api/series/", limit=2).json
    rest = program.get("/api/series/", limit=2, cursor=first["next"]).json

    assert [item["album"] for item in first["items"] + rest["items"]] == [
        "Third",
        "Second",
        "First",
    ]
    assert [item["relevant"] for item in first["items"]] == [2, 2]
    assert rest["next"] is None


def test_a_duplicate_album_is_rejected_with_the_id_of_the_first(program, series):
    answer = program.post("/api/series/", artist="METALLICA", album="metallica", tracks="One")

    assert answer.status_code == 422
    assert answer.json["existing_id"] == series["id"]
    assert list(answer.json["errors"]) == ["album"]


@pytest.mark.both_databases
def test_an_invalid_track_list_is_rejected(subtests, program):
    for tracks in [
        "",
        None,
        7,
        {"a": 1},
        [],
        [""],
        [1],
        [["One"]],
        ["a\x00b"],
        "a\x00b",
        TOO_LONG,
        TOO_MANY,
    ]:
        with subtests.test(tracks=tracks):
            answer = program.post("/api/series/", **ALBUM, tracks=tracks)

            assert (answer.status_code, list(answer.json["errors"])) == (422, ["tracks"])


def test_all_missing_fields_are_reported_at_once(program):
    assert set(program.post("/api/series/").json["errors"]) == {"artist", "album", "tracks"}


def test_changing_a_track_keeps_fields_that_are_not_sent(program, series, song):
    address = f"/api/series/{series['id']}/tracks/1"

    assert program.post(address, song_id=song["id"]).json["song_id"] == song["id"]
    left = program.post(address, irrelevant=True).json
    assert (left["song_id"], left["irrelevant"]) == (song["id"], True)
    assert program.post(address, song_id=None).json["song_id"] is None
    assert program.post(address, irrelevant=False).json["irrelevant"] is False


def test_a_series_is_complete_when_every_relevant_track_is_linked(program, series, song):
    address = f"/api/series/{series['id']}"
    assert program.post(f"{address}/link").json == {"linked": 1}
    assert program.post(f"{address}/link").json == {"linked": 0}
    program.post(f"{address}/tracks/2", irrelevant=True)

    shown = program.get(address).json
    assert shown["completed_at"]
    assert (shown["relevant"], shown["released"]) == (1, 1)


@pytest.mark.both_databases
def test_another_users_song_is_rejected_by_field(subtests, program, series):
    for song_id in [0, -1, 1.5, "one", "١", True, 10**18, 10**30, 987_654]:
        with subtests.test(song_id=song_id):
            answer = program.post(f"/api/series/{series['id']}/tracks/1", song_id=song_id)

            assert (answer.status_code, list(answer.json["errors"])) == (422, ["song_id"])


@pytest.mark.both_databases
def test_an_unknown_track_returns_404(subtests, program, series):
    for position in ["0", "3", "201", "-1", "x", "9" * 30]:
        with subtests.test(position=position):
            answer = program.post(f"/api/series/{series['id']}/tracks/{position}", irrelevant=True)

            assert answer.status_code == 404


def test_a_collaborator_cannot_link_the_owners_song(app, program, program_of, song, alice, bob):
    work_together(app, alice, bob)
    program.post(f"/api/songs/{song['id']}/collaborators", username="bob")
    helper = program_of(bob)
    own = helper.post("/api/series/", **ALBUM, tracks="One").json
    answer = helper.post(f"/api/series/{own['id']}/tracks/1", song_id=song["id"])

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["song_id"])
    assert own["tracks"][0]["suggested_song_id"] is None


def test_deleting_a_series_keeps_the_songs(program, series, song):
    program.post(f"/api/series/{series['id']}/link")
    delete = f"/api/series/{series['id']}/delete"

    deleted = program.post(delete).json
    assert deleted["deleted"] == series["id"]
    assert program.post(delete).status_code == 404
    assert program.get(f"/api/songs/{song['id']}").status_code == 200
    assert program.post(f"/api/undo/{deleted['undo']}").json["kind"] == "album_deleted"
    restored = program.get(f"/api/series/{series['id']}").json
    assert song["id"] in [track["song_id"] for track in restored["tracks"]]


def test_series_return_404_to_other_users(subtests, program, program_of, series, charlie):
    charlies = program_of(charlie)
    for method, rest, fields in [
        ("GET", "", None),
        ("POST", "/delete", {}),
        ("POST", "/tracks/1", {"irrelevant": True}),
        ("POST", "/link", {}),
    ]:
        with subtests.test(method=method, rest=rest, fields=fields):
            answer = charlies.request(method, f"/api/series/{series['id']}{rest}", json=fields)
            absent = charlies.request(method, f"/api/series/987654{rest}", json=fields)

            assert (answer.status_code, answer.json) == (404, absent.json)
            assert program.get(f"/api/series/{series['id']}").json == series


def test_patching_an_album_changes_only_the_sent_fields(program, series):
    address = f"/api/series/{series['id']}"
    changed = program.patch(address, year=1992).json
    assert (changed["album"], changed["year"], changed["tracks"]) == (
        series["album"],
        1992,
        series["tracks"],
    )
    answer = program.patch(address, album="", artist="x" * 201)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"album", "artist"})


def test_patching_the_track_list_keeps_links_by_id(program, series, song):
    address = f"/api/series/{series['id']}"
    program.post(f"{address}/link")
    tracks = [{"title": "Intro"}, {"id": 2, "title": "2"}, {"id": 1, "title": "One"}]
    found = program.patch(address, tracks=tracks).json["tracks"]
    assert [(track["id"], track["title"], track["song_id"]) for track in found] == [
        (1, "Intro", None),
        (2, "2", None),
        (3, "One", song["id"]),
    ]
    assert len(program.patch(address, tracks=["Only"]).json["tracks"]) == 1


def test_an_invalid_new_track_list_is_rejected(subtests, program, series):
    one = {"id": 1, "title": "One"}
    lists = [[], None, "One", [one, one], [{"id": 3, "title": "x"}], [{"id": 1}], [{"title": 7}]]
    for tracks in [*lists, [{"id": "x", "title": "x"}], [None], TOO_MANY, [TOO_LONG]]:
        with subtests.test(tracks=tracks):
            answer = program.patch(f"/api/series/{series['id']}", tracks=tracks)
            assert (answer.status_code, list(answer.json["errors"])) == (422, ["tracks"])
    assert program.get(f"/api/series/{series['id']}").json == series


def test_planning_adds_missing_songs_and_links_others(program, series, song):
    address = f"/api/series/{series['id']}"
    assert program.post(f"{address}/plan", track=1).json == {"added": 0, "linked": 1}
    assert program.post(f"{address}/plan").json == {"added": 1, "linked": 0}
    assert program.post(f"{address}/plan").json == {"added": 0, "linked": 0}
    linked = [track["song_id"] for track in program.get(address).json["tracks"]]
    assert linked[0] == song["id"]
    added = program.get(f"/api/songs/{linked[1]}").json
    assert (added["title"], added["status"], added["year"]) == ("Two", "future", 1991)
    assert program.post(f"{address}/plan", track=3).status_code == 404
