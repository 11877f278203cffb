"""The request bodies that the API accepts."""

from __future__ import annotations

import gzip
import json

import pytest

ONE = json.dumps({"title": "One", "artist": "Metallica"}).encode()


def _send(program, data, content_type="application/json", **headers):
    return program.request(
        "POST", "/api/songs/", data=data, content_type=content_type, headers=headers
    )


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=latin-1",
        None,
    ],
)
def test_only_json_bodies_are_accepted(program, content_type):
    answer = _send(program, ONE, content_type)

    assert (answer.status_code, answer.json["status"]) == (415, 415)


def test_plain_text_with_a_cookie_is_rejected(as_alice):
    headers = {"X-CSRFToken": as_alice.token()}
    answer = as_alice.request(
        "POST", "/api/songs/", headers=headers, data=ONE, content_type="text/plain"
    )

    assert answer.status == 415


def test_a_compressed_body_is_rejected(program):
    answer = _send(program, gzip.compress(ONE), **{"Content-Encoding": "gzip"})

    assert answer.status_code == 415


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"",
        b"title=One",
        b'{"title": NaN, "artist": "x"}',
        b"\xff\xfe",
        '{"title": "É"}'.encode("latin-1"),
        b"[" * 60_000,
        b'{"year": ' + b"9" * 5_000 + b"}",
    ],
)
def test_invalid_json_is_rejected(program, data):
    answer = _send(program, data)

    assert (answer.status_code, answer.json["title"]) == (400, "Bad Request")


@pytest.mark.parametrize("data", [b"[]", b"null", b'"One"', b"1"])
def test_a_body_that_is_not_an_object_is_rejected(program, data):
    answer = _send(program, data)

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["body"])


@pytest.mark.parametrize("size", [100_000, 10_000_000])
def test_a_body_over_the_size_limit_is_rejected(program, size):
    answer = _send(program, b'{"title": "' + b"x" * size + b'"}')

    assert (answer.status_code, answer.json["status"]) == (413, 413)


@pytest.mark.parametrize(
    "data",
    [
        b'{"title": "One", "artist": "Metallica", "title": "Two"}',
        b'{"title": "One", "artist": "Metallica", "x": [{"a": 1, "a": 1}]}',
        b'{"title": "One", "artist": "Metallica", "t\\u0069tle": "Two"}',
    ],
)
def test_a_duplicate_key_is_rejected(program, data):
    answer = _send(program, data)

    assert (answer.status_code, "twice" in answer.json["detail"]) == (400, True)


def test_an_empty_body_is_an_empty_object(program):
    answer = program.request("POST", "/api/songs/")

    assert (answer.status_code, set(answer.json["errors"])) == (422, {"title", "artist"})
