"""Chart files and covers over the API."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.support import charts
from tests.support.songs import add_song


def send(program, *files, **options):
    data = {"files": [(io.BytesIO(content), name) for name, content in files]}
    return program.request("POST", "/api/imports/charts", data=data, **options)


def send_full_band(program, **options):
    files = (("song.ini", charts.INI.encode()), ("notes.mid", charts.full_band()))
    return send(program, *files, **options)


def png():
    target = io.BytesIO()
    Image.new("RGB", (600, 600), "#336699").save(target, "PNG")
    return target.getvalue()


def send_cover(program, path, content, name="cover.png"):
    return program.request("PUT", path, data={"cover": (io.BytesIO(content), name)})


def test_chart_files_become_a_song_with_the_confirmed_parts(program):
    sent = send_full_band(program)
    assert sent.status_code == 201
    scan = sent.json
    assert (scan["songs"], scan["read"], scan["state"]) == (1, 1, "read")
    assert program.get(sent.headers["Location"]).json == scan
    assert program.get("/api/imports/charts").json["items"] == [scan]
    (song,) = program.get(f"/api/imports/charts/{scan['id']}/songs").json["items"]
    assert (song["id"], song["title"], song["artist"], song["song_id"]) == (
        *(0, "One", "Metallica", None),
    )
    evidence = {each["part"]: each["evidence"] for each in song["parts"]}
    assert len(evidence) == 15
    assert (evidence["drums"], evidence["fake_ending"]) == ("for", "unknown")
    assert {(each["charter"], each["credited"]) for each in song["parts"]} == {("", False)}
    assert (song["charter"], song["other_credits"]) == ("Alice", {})
    done = program.post(
        f"/api/imports/charts/{scan['id']}/confirm",
        songs=[{"id": 0, "parts": ["drums"], "not_needed": ["keys"]}],
        status="released",
    ).json
    assert (done["added"], done["updated"]) == (1, 0)
    made = program.get(f"/api/songs/{done['song_ids'][0]}").json
    assert (made["status"], made["parts_done"], made["parts_skipped"]) == ("released", 1, 1)


def test_a_library_is_confirmed_as_proposed(program):
    scan = send(program, ("library.zip", charts.library(3))).json
    done = program.post(f"/api/imports/charts/{scan['id']}/confirm", everything=True).json
    assert done["added"] == 3


def test_an_upload_with_a_key_is_read_once(program):
    key = {"headers": {"Idempotency-Key": "the same"}}
    first, again = send_full_band(program, **key), send_full_band(program, **key)
    assert first.json == again.json
    assert again.status_code == 201
    other = send(program, ("notes.chart", charts.chart()), **key)
    assert other.json["id"] != first.json["id"]
    assert len(program.get("/api/imports/charts").json["items"]) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"songs": []}, "song"),
        ({"songs": [{"id": 1}]}, "song"),
        ({"songs": [{"id": -1}]}, "song"),
        ({"songs": [{"id": "x"}]}, "songs"),
        ({"songs": [{"id": 0, "parts": ["kazoo"]}]}, "part"),
        ({"songs": [{"id": 0, "parts": ["kazoo"]}], "everything": True}, "part"),
        ({"songs": [{"id": 0}], "status": "lost"}, "status"),
    ],
)
def test_what_cannot_be_confirmed_names_its_field(program, body, field):
    scan = send_full_band(program).json
    answer = program.post(f"/api/imports/charts/{scan['id']}/confirm", **body)
    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_files_that_are_no_charts_are_refused_by_name(program):
    assert "files" in send(program, ("a.zip", b"no zip")).json["errors"]
    assert send(program).status_code in {415, 422}
    assert program.post("/api/imports/charts", files=[]).status_code == 415


def test_a_token_that_reads_sends_no_files(program_of, alice, monkeypatch):
    program = program_of(alice, scope="read")
    monkeypatch.setattr("trackflow_web.integrations.charts.scans.report_on", None)
    assert send_full_band(program).status_code == 403
    assert program.get("/api/imports/charts").status_code == 200


@pytest.mark.parametrize("kind", ["songs", "packs"])
def test_a_cover_is_set_and_removed(app, program, alice, kind):
    if kind == "songs":
        path = f"/api/songs/{add_song(app, alice, 'One')}/cover"
    else:
        path = f"/api/packs/{program.post('/api/packs/', name='P').json['id']}/cover"
    sent = send_cover(program, path, png())
    assert sent.status_code == 200
    shown = program.get(path).json
    assert (shown["is_generated"], shown["upload"]) == (False, "")
    assert shown["cover"].endswith("-500.webp")
    assert program.request("DELETE", path).status_code == 204
    assert program.get(path).json["is_generated"]


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_a_cover_that_is_no_picture_is_refused(app, program, alice, content):
    answer = send_cover(program, f"/api/songs/{add_song(app, alice, 'One')}/cover", content)
    assert answer.status_code == 422
    assert "cover" in answer.json["errors"]


def test_a_cover_beside_too_many_that_wait_is_refused(app, program, alice, monkeypatch):
    monkeypatch.setattr("trackflow_web.domain.covers.actions.MOST_WAITING", 0)
    answer = send_cover(program, f"/api/songs/{add_song(app, alice, 'One')}/cover", png())
    assert answer.status_code == 422
    assert "cover" in answer.json["errors"]
