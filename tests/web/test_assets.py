"""Static files: immutable only under the digest of their bytes, compressed, one style sheet."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import brotli
import pytest

from trackflow_web.web.assets import LAYERS

STATIC = Path(__file__).parents[2] / "static"
SHEET = "/static/css/site.css"


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def address(stranger):
    """The URL of the style sheet in the pages."""
    return stranger.get("/").one('link[rel="stylesheet"]')["href"]


@pytest.fixture
def own_static(make_app, tmp_path):
    """An application that reloads, over a folder of files that a test may change."""
    shutil.copytree(STATIC, tmp_path / "static")
    app = make_app()
    app.static_folder = str(tmp_path / "static")
    app.jinja_env.auto_reload = True
    return app


def test_a_page_has_one_style_sheet(as_alice):
    assert len(as_alice.get("/songs/").all('link[rel="stylesheet"]')) == 1


def test_the_style_sheet_has_every_sheet_in_its_layer(client):
    css = client.get(SHEET).text
    for layer, sheets in LAYERS.items():
        for sheet in sheets:
            source = (STATIC / "css" / f"{sheet}.css").read_text(encoding="utf-8")
            assert f"@layer {layer} {{\n{source}}}" in css, sheet


def test_an_edited_style_sheet_is_served_at_once_in_debug_mode(own_static):
    client = own_static.test_client()
    before = client.get("/login").text
    sheet = Path(own_static.static_folder) / "css" / "pages.css"
    sheet.write_text(".edited { color: red; }\n", encoding="utf-8")
    assert ".edited" in client.get(SHEET).text
    assert sheet_of(client.get("/login").text) != sheet_of(before)


def sheet_of(html):
    return html.partition('rel="stylesheet" href="')[2].partition('"')[0]


# --- caching -----------------------------------------------------------------------------------


def cache_control(client, path, **headers):
    answer = client.get(path, headers=headers)
    return answer.status_code, answer.headers.get("Cache-Control", "")


@pytest.mark.fault("E3")
def test_a_file_is_immutable_under_the_digest_of_its_bytes(client, address):
    version = parse_qs(urlsplit(address).query)["v"]
    assert version == [hashlib.sha384(client.get(address).data).hexdigest()[:12]]
    assert cache_control(client, address) == (200, "public, max-age=31536000, immutable")


@pytest.mark.fault("E3")
def test_a_file_is_not_immutable_under_any_other_version(client, address):
    plain, version = SHEET, address.rpartition("=")[2]
    for query in ("", "?v=", "?v=0123456789ab", f"?v={version}0", f"?v=x&v={version}", "?w=1"):
        assert cache_control(client, plain + query) == (200, "no-cache"), query


def test_a_file_is_not_immutable_under_the_version_of_another(client, address):
    version = address.rpartition("=")[2]
    assert cache_control(client, f"/static/css/base.css?v={version}") == (200, "no-cache")


@pytest.mark.fault("E3")
def test_an_error_page_at_the_url_of_a_file_is_not_cached(client, address):
    missing = f"/static/css/nothing.css?{urlsplit(address).query}"
    assert cache_control(client, missing) == (404, "no-store")
    assert cache_control(client, address, Range="bytes=9999999-") == (416, "no-store")


@pytest.mark.fault("E3")
def test_a_range_of_a_file_is_not_immutable(client, address):
    answer = client.get(address, headers={"Range": "bytes=0-5", "Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.text) == (206, "@layer")
    assert "immutable" not in answer.headers["Cache-Control"]


def test_a_cached_file_gets_304(client, address):
    for encoding in ("", "gzip", "br", "zstd"):
        first = client.get(address, headers={"Accept-Encoding": encoding})
        sent = {"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]}
        again = client.get(address, headers=sent)
        assert (again.status_code, again.data) == (304, b"")
        assert "immutable" not in again.headers.get("Cache-Control", "")


def test_each_encoding_has_an_etag_of_its_own(client, address):
    tags = {
        client.get(address, headers={"Accept-Encoding": encoding}).headers["ETag"]
        for encoding in ("", "gzip", "br", "zstd")
    }
    assert len(tags) == 4


# --- compression -------------------------------------------------------------------------------


def test_a_file_is_compressed_as_requested(client, address):
    plain = client.get(address)
    assert "Content-Encoding" not in plain.headers
    for encoding, decompress in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        small = client.get(address, headers={"Accept-Encoding": encoding})
        assert small.headers["Content-Encoding"] == encoding
        assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data) / 4
        assert decompress(small.data) == plain.data
        assert "Accept-Encoding" in small.vary


def test_a_browser_gets_the_smallest_accepted_encoding(client, address):
    for accepted, chosen in (
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("zstd, gzip", "zstd"),
        ("deflate", None),
        ("br;q=0", None),
    ):
        answer = client.get(address, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == chosen, accepted


def test_a_short_file_is_not_compressed(own_static):
    (Path(own_static.static_folder) / "short.css").write_text("p {}", encoding="utf-8")
    answer = own_static.test_client().get("/static/short.css", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


def test_files_outside_the_static_folder_are_not_served(client):
    for path in ("../wsgi.py", "css/../../wsgi.py", "%2e%2e/wsgi.py", "css", ""):
        assert client.get(f"/static/{path}").status_code == 404, path
