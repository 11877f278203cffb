"""Images of public pages: what they show, and that they are gone with what they show."""

from __future__ import annotations

import io
import re
from xml.etree.ElementTree import XML

import pytest
import sqlalchemy as sa
from PIL import Image

from tests.support.people import working
from tests.support.songs import add_song
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.achievements import catalogue
from trackflow_web.achievements.awards import revoke, visibility
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain.covers import actions as covers
from trackflow_web.domain.moderation import holding
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people import administration, profile
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.people.queries import find_by_username
from trackflow_web.domain.share_images import actions, queries
from trackflow_web.domain.share_images.models import Kind, ShareImage
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.integrations.share_images import cards
from trackflow_web.kernel.database import db
from trackflow_web.web import covers as share_covers
from trackflow_web.web import share_images
from trackflow_web.web.extensions import jobs
from trackflow_web.web.share_images import drawn

OG = re.compile(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">')
CODE = "first_release"


@pytest.fixture
def public(app, alice):
    """Alice, whom everyone sees, with a release in a pack; its id and that of the pack."""
    with working(app):
        alice.user.audience = Audience.EVERYONE
    song_id = add_song(app, alice, "One", "Metallica", status="released")
    with working(app):
        pack = packs.create_pack(alice.user, name="Thrash")
        packs.put_song(pack, song_id=song_id, optional=False)
        return song_id, pack.id


@pytest.fixture
def pages(public):
    song_id, pack_id = public
    return {
        Kind.RELEASE: f"/releases/{song_id}",
        Kind.PACK: f"/packs/{pack_id}",
        Kind.PROFILE: "/users/alice",
        Kind.ACHIEVEMENT: f"/users/alice/achievements/{CODE}",
    }


def tags(browser, path):
    answer = browser.client.get(path)
    assert answer.status_code == 200, path
    return dict(OG.findall(answer.text))


def image_of(app, browser, path):
    """Return the path of a page's own image; the first view starts its job."""
    tags(browser, path)
    app.extensions["trackflow.images_started"].counts.clear()
    found = tags(browser, path)["og:image"].removeprefix("http://localhost")
    assert found.startswith("/og/"), path
    return found


def test_a_page_has_an_image_of_its_own_after_its_first_view(app, stranger, pages, subtests):
    for kind, path in pages.items():
        with subtests.test(kind=kind):
            found = image_of(app, stranger, path)
            assert re.fullmatch(rf"/og/{kind}/[0-9a-f]{{16}}-[0-9a-f]{{12}}\.png", found)
            answer = stranger.client.get(found)
            assert (answer.status_code, answer.mimetype) == (200, "image/png")
            assert Image.open(io.BytesIO(answer.data)).size == (1200, 630)
            meta = tags(stranger, path)
            assert meta["og:image:width"] == "1200"
            assert meta["og:image:height"] == "630"
            assert meta["twitter:card"] == "summary_large_image"
            assert meta["og:image:alt"] == meta["twitter:image:alt"] != ""


def test_the_charter_proof_has_the_image_of_its_profile(app, stranger, pages):
    found = image_of(app, stranger, pages[Kind.PROFILE])
    assert image_of(app, stranger, "/users/alice/proof") == found


def test_an_image_has_its_own_headers_and_no_cookie(app, stranger, pages):
    found = image_of(app, stranger, pages[Kind.PROFILE])
    answer = stranger.client.get(found)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    again = stranger.client.get(found, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_released_song_has_its_image_before_anybody_looks(app, stranger, alice):
    with working(app):
        alice.user.audience = Audience.EVERYONE
    song_id = add_song(app, alice, "Two", "Metallica")
    with working(app):
        songs.move_song(find_song(song_id, for_update=True), alice.user, status="released")
    jobs_of(app).sweep(at_start=True)
    assert tags(stranger, f"/releases/{song_id}")["og:image"].startswith("http://localhost/og/")


@pytest.mark.both_databases
def test_other_addresses_are_the_same_404(app, stranger, pages, subtests):
    found = image_of(app, stranger, pages[Kind.RELEASE])
    kind, name = "release", found.rpartition("/")[2].removesuffix(".png")
    key, digest = name.split("-")
    absent = stranger.client.get("/og/release/0123456789abcdef-0123456789ab.png")
    assert absent.status_code == 404
    for path in (
        f"{kind}/{key}-{'0' * 12}",
        f"{kind}/{'0' * 16}-{digest}",
        *(f"{other}/{name}" for other in ("pack", "profile", "achievement", "x", "Release")),
        *(f"{other}/{name}" for other in ("%00", "release%00", "%ff", "release%0a", "%25")),
        f"{kind}/{name.upper().replace('0', 'A')}",
        f"{kind}/{name}%0a",
        f"{kind}/{name}%00",
        f"{kind}/{name}%20",
        f"{kind}/{key}%2d{digest}x",
        f"{kind}/{key}",
        f"{kind}/{key}_{digest}",
        f"{kind}/{key}%-{digest}",
        f"{kind}/{key[:-1]}\N{FULLWIDTH DIGIT ONE}-{digest}",
        f"{kind}/{'a' * 64}",
    ):
        with subtests.test(path=path):
            answer = stranger.client.get(f"/og/{path}.png")
            assert answer.status_code == 404
            assert without_marks(answer) == without_marks(absent)
            assert answer.headers["Content-Type"] == absent.headers["Content-Type"]
    for path in (f"{kind}/..%2f{kind}%2f{name}", f"{kind}%2f{name}%2f", f"{kind}/{'a' * 2000}"):
        with subtests.test(path=path):
            answer = stranger.client.get(f"/og/{path}.png")
            assert answer.status_code == 404
            assert without_marks(answer) == without_marks(absent)


def jobs_of(app):
    with app.app_context():
        return jobs()


def count(app):
    with working(app):
        return db.session.scalar(sa.select(sa.func.count()).select_from(ShareImage))


def test_nothing_is_rendered_for_members_only(app, as_alice, alice):
    song_id = add_song(app, alice, "One", "Metallica", status="released")
    as_alice.get(f"/releases/{song_id}")
    as_alice.get("/users/alice")
    assert count(app) == 0


def everyone(alice, audience=Audience.EVERYONE):
    profile.change_privacy(alice.user, profile=audience)


def admin_of():
    return find_by_username("olga")


def held(kind):
    return lambda _alice, ids: holding.hold(kind, ids[kind], is_automatic=False)


def restored(kind):
    return lambda _alice, ids: holding.release(kind, ids[kind])


def moved(status):
    def change(alice, ids):
        song = find_song(ids[Kind.RELEASE], for_update=True)
        songs.move_song(song, alice.user, status=status)

    return change


# How a page is hidden and shown again, and the kinds of images of which the old address stays gone.
ALL = tuple(Kind)
CHANGES = {
    "members": (
        lambda alice, _ids: everyone(alice, Audience.MEMBERS),
        lambda alice, _ids: everyone(alice),
        ALL,
    ),
    "only me": (
        lambda alice, _ids: everyone(alice, Audience.ME),
        lambda alice, _ids: everyone(alice),
        ALL,
    ),
    "banned": (
        lambda alice, _ids: administration.ban(alice.user, by=None, why="A test of this."),
        lambda alice, _ids: administration.unban(alice.user, by=None, why="A test of this."),
        ALL,
    ),
    "profile held": (held(Kind.PROFILE), restored(Kind.PROFILE), ALL),
    "release held": (held(Kind.RELEASE), restored(Kind.RELEASE), (Kind.RELEASE,)),
    "pack held": (held(Kind.PACK), restored(Kind.PACK), (Kind.PACK,)),
    "award held": (held(Kind.ACHIEVEMENT), restored(Kind.ACHIEVEMENT), ALL[1:2]),
    "unreleased": (moved("wip"), moved("released"), (Kind.RELEASE, Kind.PACK)),
    "award hidden": (
        lambda alice, _ids: visibility.set_visibility(alice.user, CODE, public=False),
        lambda alice, _ids: visibility.set_visibility(alice.user, CODE, public=True),
        (Kind.ACHIEVEMENT,),
    ),
    "award revoked": (
        lambda alice, _ids: revoke.revoke(admin_of(), alice.user, CODE, reason="A test of this."),
        lambda alice, _ids: revoke.restore(admin_of(), alice.user, CODE),
        (Kind.ACHIEVEMENT,),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_image_is_gone_at_once_and_its_address_stays_gone(
    app, admin, alice, stranger, public, pages, change, subtests
):
    hide, show, kinds = CHANGES[change]
    with working(app):
        award_id = db.session.scalar(
            sa.select(UserAchievement.id).where(
                UserAchievement.user_id == alice.id,
                UserAchievement.achievement_id == catalogue.id_of(CODE),
            )
        )
    ids = {
        Kind.RELEASE: public[0],
        Kind.PACK: public[1],
        Kind.PROFILE: alice.id,
        Kind.ACHIEVEMENT: award_id,
    }
    addresses = {kind: image_of(app, stranger, path) for kind, path in pages.items()}
    missing = stranger.client.get("/og/release/0123456789abcdef-0123456789ab.png")
    for step in (hide, show):
        with working(app):
            step(alice, ids)
        for kind in kinds:
            with subtests.test(kind=kind, step=step):
                gone = stranger.client.get(addresses[kind])
                assert gone.status_code == missing.status_code == 404
                assert without_marks(gone) == without_marks(missing)
    for kind in kinds:
        with subtests.test(kind=kind, step="again"):
            assert image_of(app, stranger, pages[kind]) != addresses[kind]


def without_marks(answer):
    return re.sub(
        r'(csrf_token" value|content|nonce|instance|data-version)="?[^"]*"', "", answer.text
    )


def test_images_go_with_what_they_show(app, alice, stranger, public, pages, subtests):
    for path in pages.values():
        image_of(app, stranger, path)
    assert count(app) == len(Kind)
    with working(app):
        packs.delete_pack(packs.queries.find_pack(public[1], for_update=True))
    assert kinds_left(app) == {Kind.RELEASE, Kind.PROFILE, Kind.ACHIEVEMENT}
    with working(app):
        songs.delete_song(find_song(public[0], for_update=True), alice.user)
    assert kinds_left(app) == {Kind.ACHIEVEMENT}
    with working(app):
        delete_account(alice.user)
    assert kinds_left(app) == set()


def kinds_left(app):
    with working(app):
        return set(db.session.scalars(sa.select(ShareImage.kind)))


def test_another_title_name_or_cover_has_another_address(app, alice, stranger, public, pages):
    release = image_of(app, stranger, pages[Kind.RELEASE])
    with working(app):
        song = find_song(public[0], for_update=True)
        songs.edit_song(song, alice.user, title="Two", artist="Metallica", album="", year="")
    assert stranger.client.get(release).status_code == 404
    release = image_of(app, stranger, pages[Kind.RELEASE])
    with working(app):
        covers.remove(find_song(public[0], for_update=True))
    assert stranger.client.get(release).status_code == 404
    profile_image = image_of(app, stranger, pages[Kind.PROFILE])
    with working(app):
        profile.change_profile(alice.user, display_name="Alice A.")
    assert stranger.client.get(profile_image).status_code == 404
    pack = image_of(app, stranger, pages[Kind.PACK])
    with working(app):
        packs.rename_pack(packs.queries.find_pack(public[1]), name="Speed")
    assert stranger.client.get(pack).status_code == 404


def test_an_image_is_compared_with_its_page_after_an_hour(app, clock, stranger, alice, pages):
    first = image_of(app, stranger, pages[Kind.PROFILE])
    assert image_of(app, stranger, pages[Kind.PROFILE]) == first
    add_song(app, alice, "Two", "Metallica", status="released")
    clock.move(hours=2)
    assert image_of(app, stranger, pages[Kind.PROFILE]) != first


def test_a_killed_job_is_repeated_and_gives_up_after_three_attempts(app, clock, alice, public):
    with working(app):
        actions.want(Kind.RELEASE, public[0], alice.id)
    for _ in range(actions.MOST_ATTEMPTS):
        with working(app):
            assert actions.acquire(Kind.RELEASE, public[0], alice.id, "0" * 12) is not None
        clock.move(minutes=3)
        with working(app):
            assert [image.subject_id for image in actions.abandoned(10)] == [public[0]]
    with working(app):
        assert actions.acquire(Kind.RELEASE, public[0], alice.id, "0" * 12) is None
        assert actions.abandoned(10, all_waiting=True) == []


def test_a_page_hidden_while_its_image_is_rendered_keeps_none(app, alice, public):
    with working(app):
        image_id, key = actions.acquire(Kind.RELEASE, public[0], alice.id, "0" * 12)
    with working(app):
        everyone(alice, Audience.ME)
    with working(app):
        actions.finish(image_id, key, digest="0" * 12, image=b"x")
    assert count(app) == 0


def test_rendering_twice_keeps_one_image(app, alice, stranger, public, pages):
    found = image_of(app, stranger, pages[Kind.RELEASE])
    with working(app):
        jobs().start_share_image(Kind.RELEASE, public[0])
        jobs().start_share_image(Kind.RELEASE, public[0])
    assert image_of(app, stranger, pages[Kind.RELEASE]) == found


def test_images_that_nobody_views_are_deleted(app, clock, stranger, pages):
    image_of(app, stranger, pages[Kind.PROFILE])
    clock.move(days=31)
    assert jobs_of(app).prune_share_images() >= 1
    assert Kind.PROFILE not in kinds_left(app)


def test_images_of_hidden_pages_are_deleted(app, alice, stranger, pages):
    image_of(app, stranger, pages[Kind.PROFILE])
    with working(app):
        alice.user.audience = Audience.ME  # by hand, so that nothing is withdrawn
    assert jobs_of(app).prune_share_images() >= 1
    assert count(app) == 0


def test_a_view_starts_the_job_once_a_minute(app, stranger, pages, monkeypatch):
    started = []
    monkeypatch.setattr(
        "trackflow_web.jobs.queue.Jobs.start_share_image",
        lambda _self, kind, subject_id: started.append((kind, subject_id)),
    )
    for _ in range(3):
        tags(stranger, pages[Kind.RELEASE])
    assert len(started) == 1


# All elements of images without uploads.
DRAWN = {
    *("svg", "defs", "clipPath", "linearGradient", "stop", "g"),
    *("rect", "circle", "ellipse", "path", "polygon", "text", "tspan"),
}
HOSTILE = (
    "</text><script>alert(1)</script>",
    "&#0;\x00\x1f\ufffe",
    "\u202egnp.exe" + "\u0301" * 200,
    "W" * 200,
    "🎸" * 80,
    "مرحبا بالعالم",
    "残酷な天使のテーゼ",
    "ᚠᚢᚦ",
    "x",
    "]]>&amp;<![CDATA[<image href='http://127.0.0.1/'/>",
    "<!--",
    '"><image href="file:///etc/passwd"/>',
    "\u2067\u2066שלום\u2069" * 20,
    "𝕳𝖊𝖑𝖑𝖔\U0001f9d1\u200d\U0001f3a4",
    "\u200d\ufe0f",
)


def test_hostile_names_are_drawn_as_text(app, subtests):
    for name in HOSTILE:
        with subtests.test(name=name), app.app_context():
            by = cards.Charter(1, "alice", name, None)
            for kind in (Kind.RELEASE, Kind.PACK, Kind.PROFILE):
                card = cards.Card(
                    kind,
                    by,
                    title=name,
                    kicker="Pack",
                    about=(name, name, ""),
                    covers=(cards.Art(None, name, name),),
                )
                svg = drawn(card, {})
                assert "<script" not in svg
                assert not re.search(r"<image|<!|[\x00-\x09\x0e-\x1f\ufffe\uffff]", svg)
                assert {each.tag.rpartition("}")[2] for each in XML(svg).iter()} <= DRAWN


def test_generated_covers_draw_nothing_outside_their_square():
    """They are not clipped, which takes long."""
    for n in range(40):
        svg = share_images._cut(share_covers.drawn_for(f"Artist {n}", "One"))
        for x, y, radius in re.findall(r'<circle cx="(\d+)" cy="(\d+)" r="(\d+)"', svg):
            assert int(radius) <= min(int(x), int(y), 300 - int(x), 300 - int(y)), svg
        for list_ in re.findall(r'<polygon points="([^"]+)"', svg):
            assert all(0 <= float(number) <= 300 for number in re.split("[ ,]", list_)), svg
        assert "clip" not in svg


def test_collaborators_are_counted_and_not_named(app, alice, public):
    with working(app):
        card = cards.card_of(Kind.RELEASE, public[0])
        assert queries.find(Kind.RELEASE, public[0]) is None or card.digest
        assert card.by.username == "alice"
        assert card.about[2] == ""
