"""A shared release as programs of others fetch it: over HTTP, without a session."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from tests.support.live_server import serving
from tests.support.people import working
from tests.support.songs import add_song
from trackflow_web.domain.people import profile
from trackflow_web.domain.people.models import Audience

BOT = "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"
ATOM = "{http://www.w3.org/2005/Atom}"


class Head(HTMLParser):
    """The meta elements of a page, as a program reads them that knows nothing of the site."""

    def __init__(self):
        super().__init__()
        self.found = {}

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "meta" and (name := values.get("property") or values.get("name")):
            self.found[name] = values.get("content", "")


def fetch(address, **headers):
    """Return status, headers and body of a GET without cookies."""
    request = Request(address, headers={"User-Agent": BOT} | headers)  # noqa: S310 -- our own server
    try:
        with urlopen(request, timeout=30) as answer:  # noqa: S310 -- our own server
            return answer.status, answer.headers, answer.read()
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers, refusal.read()


def meta_of(address):
    status, headers, body = fetch(address)
    assert status == 200
    assert "Location" not in headers
    head = Head()
    head.feed(body.decode())
    return head.found


@pytest.fixture
def server(app):
    with serving(app) as address:
        yield address


@pytest.fixture
def release(app, alice):
    with working(app):
        alice.user.audience = Audience.EVERYONE
    return add_song(app, alice, "One", "Metallica", status="released")


def test_a_link_preview_shows_an_image_until_its_owner_goes_private(app, alice, server, release):
    page = f"{server}/releases/{release}"
    meta_of(page)  # the first view starts the job
    meta = meta_of(page)
    assert meta["og:title"] == "One by Metallica"
    assert meta["og:url"].endswith(f"/releases/{release}")
    assert meta["twitter:card"] == "summary_large_image"
    image = server + urlsplit(meta["og:image"]).path
    assert "/og/release/" in image
    status, headers, body = fetch(image)
    assert (status, headers["Content-Type"]) == (200, "image/png")
    picture = Image.open(io.BytesIO(body))
    size = (int(meta["og:image:width"]), int(meta["og:image:height"]))
    assert (picture.format, picture.size, size) == ("PNG", (1200, 630), (1200, 630))
    with working(app):
        profile.change_privacy(alice.user, profile=Audience.MEMBERS)
    etag = headers["ETag"]
    for gone in (page, image):
        assert fetch(gone)[0] == 404
        assert fetch(gone, **{"If-None-Match": etag})[0] == 404


def ids_of(feed):
    document = ET.fromstring(feed)  # noqa: S314 -- our own feed
    return [entry.findtext(f"{ATOM}id") for entry in document.iter(f"{ATOM}entry")]


def test_a_feed_reader_gets_the_release_once_and_keeps_its_id(server, release):
    feed = f"{server}/users/alice/feed.atom"
    status, headers, body = fetch(feed)
    assert status == 200
    assert headers["Content-Type"].startswith("application/atom+xml")
    ids = ids_of(body)
    assert len(set(ids)) == len(ids) > 0
    assert fetch(feed, **{"If-None-Match": headers["ETag"]})[0] == 304
    assert ids_of(fetch(feed)[2]) == ids
