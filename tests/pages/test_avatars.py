"""Pictures of users: uploaded, encoded anew, shown to whoever sees the profile."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image

from tests.support.people import working
from tests.support.pictures import picture
from trackflow_web.domain.moderation.holding import hold
from trackflow_web.domain.people import avatars
from trackflow_web.domain.people.models import Audience, Avatar
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel.database import db

ADDRESS = "/settings/profile"


def upload(browser, content, name="me.png"):
    return browser.post(ADDRESS, avatar=(io.BytesIO(content), name))


def sent(browser, address):
    """The bytes of a picture."""
    response = browser.client.get(address)
    assert response.status_code == 200
    return response


def source_of(page):
    return page.one(".profile .avatar")["src"]


@pytest.fixture
def uploaded(as_alice):
    """The URL of Alice's uploaded picture."""
    assert upload(as_alice, picture()).status == 303
    return source_of(as_alice.get("/users/alice"))


@pytest.mark.both_databases
def test_an_uploaded_picture_is_shown_as_a_square(as_bob, uploaded):
    assert uploaded.endswith("-256.webp")
    for size in (256, 64):
        answer = sent(as_bob, uploaded.replace("-256", f"-{size}"))
        assert answer.headers["Content-Type"] == "image/webp"
        image = Image.open(io.BytesIO(answer.data))
        assert (image.format, image.size) == ("WEBP", (size, size))
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_content_decides_the_format(as_alice, kind):
    assert upload(as_alice, picture(kind), name="me.txt").status == 303
    assert source_of(as_alice.get("/users/alice")).endswith("-256.webp")


def test_metadata_is_removed_and_the_orientation_applied(as_alice, app):
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright: the first row is the right side
    exif[0x010E] = "where I live"
    target = io.BytesIO()
    image = Image.new("RGB", (400, 200), "red")
    image.paste((0, 0, 255), (0, 0, 200, 200))
    image.save(target, "JPEG", exif=exif)
    upload(as_alice, target.getvalue())
    shown = sent(as_alice, source_of(as_alice.get("/users/alice"))).data
    assert b"where I live" not in shown
    result = Image.open(io.BytesIO(shown)).convert("RGB")
    assert not result.getexif()
    assert result.getpixel((128, 20))[2] > 200  # blue is on top now
    assert result.getpixel((128, 236))[0] > 200


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Choose a PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Choose a PNG"),
        (b"GIF89a", "can't be read"),
        (picture()[:-30], "can't be read"),
        (picture().replace(b"IDAT", b"IDAX"), "can't be read"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8X", "megapixels"),
    ],
)
def test_an_unusable_picture_is_rejected(as_alice, content, says):
    page = upload(as_alice, content)
    assert page.status == 422
    assert says in page.errors()["avatar"]
    assert "/avatars/generated/" in source_of(as_alice.get("/users/alice"))


def test_a_picture_with_too_many_pixels_is_rejected_before_decoding(as_alice):
    header = picture(size=(1, 1))
    width = (60_000).to_bytes(4)
    bomb = header[:16] + width + width + header[24:]
    bomb = bomb[:29] + zlib.crc32(bomb[12:29]).to_bytes(4) + bomb[33:]
    assert "megapixels" in upload(as_alice, bomb).errors()["avatar"]
    size = (16_383).to_bytes(3, "little")
    webp = b"RIFF\x40\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + bytes(4) + size + size + bytes(40)
    assert "megapixels" in upload(as_alice, webp).errors()["avatar"]


def test_an_invalid_picture_keeps_the_earlier_one(as_alice, app, alice, uploaded):
    with working(app):
        avatars.upload(alice.user, b"\xff\xd8\xff not really")
    app.extensions["trackflow.jobs"].sweep(at_start=True)
    assert source_of(as_alice.get("/users/alice")) == uploaded
    assert "couldn't be read" in as_alice.get(ADDRESS).text


def test_a_picture_that_kills_workers_fails_eventually(app, alice):
    with working(app):
        avatars.upload(alice.user, picture())
    for _ in range(avatars.MOST_ATTEMPTS):
        with working(app):
            assert avatars.acquire(alice.id)
    with working(app):
        assert avatars.acquire(alice.id) is None
        assert avatars.upload_state(alice.id) == "failed"


def test_maintenance_encodes_pending_pictures(app, alice, as_alice, clock):
    with working(app):
        avatars.upload(alice.user, picture())
    assert "will appear" in as_alice.get(ADDRESS).text
    clock.move(minutes=3)
    app.extensions["trackflow.jobs"].sweep()
    assert source_of(as_alice.get("/users/alice")).endswith(".webp")


def test_another_picture_replaces_the_first(as_alice, uploaded):
    upload(as_alice, picture(size=(50, 90), kind="JPEG"))
    assert source_of(as_alice.get("/users/alice")) != uploaded
    assert as_alice.get(uploaded).status == 404


def test_a_removed_picture_returns_404(as_alice, app, alice, uploaded):
    as_alice.post(ADDRESS, avatar_remove="1")
    assert as_alice.get(uploaded).status == 404
    assert "/avatars/generated/" in source_of(as_alice.get("/users/alice"))
    with app.app_context():
        assert db.session.get(Avatar, alice.id) is None


AUDIENCES = {
    Audience.EVERYONE: [200, 200, 200],
    Audience.MEMBERS: [404, 200, 200],
    Audience.ME: [404, 404, 200],
}


@pytest.mark.parametrize("audience", Audience)
def test_the_picture_is_visible_with_the_profile(
    app, alice, as_alice, as_bob, stranger, uploaded, audience
):
    with working(app):
        alice.user.audience = audience
    seen = [each.client.get(uploaded).status_code for each in (stranger, as_bob, as_alice)]
    assert seen == AUDIENCES[audience]


@pytest.mark.both_databases
def test_a_picture_that_only_its_owner_sees_is_kept_by_no_shared_cache(
    app, alice, as_alice, as_bob, uploaded
):
    with working(app):
        alice.user.audience = Audience.EVERYONE
        hold(Held.PROFILE, alice.id, is_automatic=False)
    assert as_bob.get(uploaded).status == 404
    assert as_alice.client.get(uploaded).headers["Cache-Control"].startswith("private")


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["a" * 64, "a" * 63 + "%00", "A" * 64, "a" * 2000])
def test_other_addresses_of_pictures_return_404(stranger, name):
    assert stranger.get(f"/avatars/{name}-256.webp").status == 404


def test_a_generated_picture_depends_only_on_its_url(as_alice, stranger):
    source = source_of(as_alice.get("/users/alice"))
    answer = stranger.get(source)
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    assert ">AL<" in answer.html


@pytest.mark.parametrize(
    "name", ["zzzz-al", "00ff-AL", "00ff-<b", "00ff-alice", "0ff-al", "00ff-%C3%A9"]
)
def test_other_generated_urls_return_404(stranger, name):
    answer = stranger.get(f"/avatars/generated/{name}.svg")
    assert answer.status == 404
    assert answer.headers["Cache-Control"] == "no-store"


# --- the API --------------------------------------------------------------------------------------


def put(browser, data):
    headers = {"X-CSRFToken": browser.token()}
    return browser.client.put("/api/settings/profile/avatar", data=data, headers=headers)


def test_the_api_takes_and_removes_a_picture(as_alice):
    answer = put(as_alice, {"avatar": (io.BytesIO(picture()), "me.png")})
    assert answer.status_code == 200
    profile = as_alice.api("GET", "/api/settings/profile").json
    assert profile["avatar_upload"] == ""
    assert profile["avatar"].endswith("-256.webp")
    assert sent(as_alice, profile["avatar"])
    removed = as_alice.api("DELETE", "/api/settings/profile/avatar").json
    assert not removed["avatar"].endswith("-256.webp")


@pytest.mark.parametrize(
    "data",
    [
        {"avatar": (io.BytesIO(b"<svg/>"), "me.svg")},
        {"avatar": (io.BytesIO(b""), "")},
        {"another": (io.BytesIO(picture()), "me.png")},
    ],
    ids=["svg", "none", "another field"],
)
def test_the_api_rejects_what_is_no_picture(as_alice, data):
    answer = put(as_alice, data)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["avatar"])


def test_the_api_takes_a_picture_as_a_form_only(as_alice):
    assert as_alice.api("PUT", "/api/settings/profile/avatar", {"avatar": "x"}).status == 415
