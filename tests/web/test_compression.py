"""Compression of responses, except where another site might observe their length."""

from __future__ import annotations

import gzip

import pytest

from tests.support.charter import signed_in_client

PAGE = "/achievements/"


@pytest.fixture
def ask(app, alice):
    """`ask(site="same-origin")`: Alice's page, as requested from there."""
    client = signed_in_client(app, alice)

    def answer(path=PAGE, accept="gzip", site="same-origin", **headers):
        sent = {"Accept-Encoding": accept, "Sec-Fetch-Site": site, **headers}
        return client.get(path, headers={name: value for name, value in sent.items() if value})

    return answer


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_compressed_page_has_the_same_content(ask, site):
    plain, small = ask(accept=None), ask(site=site)
    assert small.headers["Content-Encoding"] == "gzip"
    assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data) / 8
    assert 'data-achievement="dreamer"' in gzip.decompress(small.data).decode()
    assert {"Accept-Encoding", "HX-Request"} <= set(small.vary)


@pytest.mark.parametrize("accept", ["zstd", "br"])
def test_zstandard_and_brotli_are_accepted(ask, accept):
    assert ask(accept=f"gzip;q=0.1, {accept}").headers["Content-Encoding"] == accept


@pytest.mark.parametrize("site", ["cross-site", "same-site", None, "same-origin, cross-site"])
def test_a_response_to_a_cross_site_request_is_not_compressed(ask, site):
    assert "Content-Encoding" not in ask(site=site).headers


def test_a_response_to_a_token_is_compressed(app):
    answer = app.test_client().get("/api/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"


def test_a_compressed_page_contains_its_toasts(app, ask, as_alice):
    as_alice.post("/songs/", title="One", artist="Metallica")
    assert 'data-toast="dreamer"' in gzip.decompress(ask("/songs/").data).decode()
