"""Small requests that would become large are rejected before they are parsed."""

from __future__ import annotations

import gzip
import json
import time
import zlib

import pytest

from tests.support.snapshots import snapshot

# Of the processor: rejecting takes milliseconds, but the first page compiles its templates.
SECONDS = 2


@pytest.fixture
def send(app, as_alice):
    """Send a body to a URL as Alice, with her token; it must be rejected quickly."""
    token = as_alice.token()

    def send(path, body, kind, **headers):
        before, began = snapshot(app), time.process_time()
        page = as_alice.request(
            "POST", path, data=body, content_type=kind, headers={"X-CSRFToken": token, **headers}
        )
        assert time.process_time() - began < SECONDS
        assert snapshot(app) == before
        return page.status

    return send


def parts(names, value=b"x", filename=b""):
    return b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (name, filename, value)
        for name in names
    ) + (b"--b--\r\n")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip", "x"])
def test_compressed_api_bodies_are_not_decompressed(send, coding):
    packed = gzip.compress(json.dumps({"title": "x" * 10_000_000, "artist": "x"}).encode())
    headers = {"Content-Encoding": coding}
    assert send("/api/songs/", packed, "application/json", **headers) == 415


def test_compressed_form_bodies_are_not_decompressed(send):
    for packed, coding in (
        (gzip.compress(b"title=One&artist=Metallica"), "gzip"),
        (zlib.compress(b"title=One&artist=Metallica"), "deflate"),
    ):
        kind = "application/x-www-form-urlencoded"
        assert send("/songs/", packed, kind, **{"Content-Encoding": coding}) == 422


# Werkzeug leaves the files of a body that is rejected half way to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "body",
    [
        parts([b"title%d" % number for number in range(200)]),
        parts([b"title"] * 5_000),
        parts([b"title"], b"x" * 300_000),
        parts([b"title", b"artist"] * 30, b"x" * 10_000),
        parts([b"x" * 300_000]),
        parts([b"file"] * 200, filename=b'; filename="x.csv"'),
    ],
    ids=["200 fields", "5,000 times one field", "a large field", "large together", "a large name",
         "200 files"],
)  # fmt: skip
def test_multipart_bodies_are_limited(send, body):
    assert send("/songs/", body, "multipart/form-data; boundary=b") == 413


def test_form_bodies_are_limited(send):
    kind = "application/x-www-form-urlencoded"
    assert send("/songs/", b"title=" + b"x" * 600_000, kind) == 413
    assert send("/songs/", b"&".join([b"title=x"] * 100_000), kind) == 413
    assert send("/settings/profile", b"email=" + b"x" * 600_000, kind) == 413


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_malformed_multipart_bodies_are_rejected(send, kind):
    for body in (b"--b", b"--b\r\n" * 1_000, b"\r\n" * 10_000, b"=&" * 50_000, b"%" * 100_000):
        for boundary in (
            "",
            "; boundary=b",
            "; boundary=",
            '; boundary="',
            "; boundary=" + "b" * 500,
        ):
            assert send("/songs/", body, kind + boundary) in {400, 413, 422}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"title":' + b"[" * 5_000,
        b'{"title":"' + b"\\" * 60_000,
        b'{"year":' + b"1" * 60_000 + b"}",
        b'{"year":1e400}',
        b'{"year":' + b"0" * 60_000 + b"1}",
    ],
    ids=["lists", "objects", "unfinished", "backslashes", "digits", "a power", "zeros"],
)
def test_deeply_nested_or_malformed_json_is_rejected(send, body):
    assert send("/api/songs/", body, "application/json") in {400, 422}


def test_playlist_files_are_limited(send):
    for rows in (100_000, 400_000):
        csv = b"title,artist\n" + b"a,b\n" * rows
        body = parts([b"file"], csv, b'; filename="x.csv"')
        assert send("/imports/", body, "multipart/form-data; boundary=b") in {413, 422}


def test_a_long_search_is_rejected_at_once(as_alice):
    for q in ("%" * 5_000, "\\%" * 2_500, "_" * 100 + "x", "(a+)+$" * 1_000):
        began = time.process_time()
        for path in ("/songs/", "/features/", "/achievements/", "/api/songs/"):
            assert as_alice.get(path, q=q).status == 422
        assert time.process_time() - began < SECONDS
