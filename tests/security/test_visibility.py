"""Visibility: every output that shows another user's data, in every state, to every viewer.

To add an output, add one line to OUTPUTS: its kind and its address. A route with an argument that
stands neither there nor in OWN fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support.belongings import belongings_of
from tests.support.browsing import Browser
from tests.support.people import add_person, working
from tests.support.routes import all_routes
from tests.support.songs import add_song
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.achievements.awards import revoke as revocations
from trackflow_web.achievements.awards import visibility
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.covers.models import Cover
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people.models import Audience, Avatar, User
from trackflow_web.domain.people.queries import find_by_username
from trackflow_web.domain.reactions import actions as reactions
from trackflow_web.domain.reactions.rules import Kind as Reaction
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.releases.queries import latest_of
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.share_images import actions as share_images
from trackflow_web.domain.share_images.models import Kind as ShareKind
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.subjects import Subject, SubjectType
from trackflow_web.domain.visibility import Held
from trackflow_web.domain.visibility.models import Block, Hold
from trackflow_web.kernel import clock as the_clock
from trackflow_web.kernel.database import db
from trackflow_web.web.extensions import settings

# Everything of this user has her name in it, and nothing else does.
NAME = "quorra"
CODE = "idea_generator"
DIGEST = "a" * 64

# page      200 and her name; to those who may not see her, the response of a missing object
# file      the same without a name
# list      her name, if she may be seen; the response is 200 in any case
# earned    the page of her award
# proof     like a page, but only if visitors see her, too
# embed     the same for whoever asks: 200 if visitors see her
# image     the same, and withdrawn for everybody once an award in it is hidden
# crawled   a list of what visitors see
# followed  a list of whoever the viewer follows and shows the award
# follower  a list of whoever follows her
# award     a list of her award, which may also be hidden or revoked by itself
# Behind the address: `htmx` for a fragment.
OUTPUTS = """
page      /users/<username>
page      /users/<username>/card htmx
page      /users/<username>/compare
page      /api/users/<username>
award     /users/<username>
award     /users/<username>/card htmx
award     /users/<username>/compare
award     /api/users/<username>
proof     /users/<username>/proof
file      /avatars/<digest>-<size>.webp
page      /releases/<song_id>
page      /packs/<pack_id>
page      /series/<series_id>
page      /api/community/users/<username>
award     /api/community/users/<username>
earned    /users/<username>/achievements/<code>
embed     /users/<username>/badge.<form>
embed     /users/<username>/shield.json
image     /og/<kind>/<name>.png
embed     /og/release/<release_image>.png
embed     /og/pack/<pack_image>.png
image     /og/achievement/<award_image>.png
embed     /oembed?url=http://localhost/users/<username>
embed     /oembed?url=http://localhost/releases/<song_id>
embed     /oembed?url=http://localhost/users/<username>/proof
crawled   /sitemap.xml
crawled   /community/feed.atom
embed     /users/<username>/feed.atom
followed  /achievements/<code>
list      /community/people
list      /community/releases
list      /api/community/releases
file      /covers/<digest>-<side>.webp
list      /suggestions/people?username=quo htmx
list      /community/leaderboard?kind=releases&period=all&view=top
list      /api/community/leaderboard?kind=releases&period=all&view=top
page      /comments/release/<song_id>
list      /comments/release/<commented_id>
list      /api/comments/release/<commented_id>
list      /reactions/release/<commented_id>
list      /community/feed
list      /community/
list      /api/community/feed
list      /features/
list      /features/<item_id>
list      /bugs/
list      /bugs/<item_id>
list      /api/features/
list      /api/features/<item_id>
list      /api/bugs/
list      /api/bugs/<item_id>
follower  /settings/people?list=following
follower  /api/me/following
follower  /notifications/
follower  /notifications/panel htmx
follower  /api/notifications/
"""

# Routes with arguments that show only what is the caller's own, or shared with them, or nobody's;
# and those of administrators. The access tables test them.
OWN = """
/admin/achievements/custom/<code>
/admin/rechecks/<run_id>
/admin/seasons/<slug>
/admin/users/<username>
/admin/users/<username>/account
/api/achievements/<code>
/api/achievements/check/<run_id>
/api/admin/users/<username>
/api/bugs/<item_id>/comments
/api/comments/<subject>/<subject_id>
/api/features/<item_id>/comments
/api/imports/<import_id>
/imports/charts/<scan_id>
/feeds/<token>.atom
/achievements/<code>.atom
/api/imports/<import_id>/rows
/api/imports/charts/<scan_id>
/api/imports/charts/<scan_id>/songs
/api/packs/<pack_id>/cover
/api/songs/<song_id>/cover
/api/packs/<pack_id>
/api/packs/<pack_id>/songs
/api/reactions/<subject>/<subject_id>
/api/series/<series_id>
/api/songs/<song_id>
/api/songs/<song_id>/collaborators
/api/songs/<song_id>/parts
/avatars/generated/<seed>-<initials>.svg
/comments/<comment_id>/report
/comments/<comment_id>/versions
/comments/<subject>/<subject_id>
/community/feed/new
/community/highlights
/community/showcase
/community/stats
/api/community/highlights
/api/community/stats
/api/community/trending
/covers/generated/<key>-<letters>.svg
/email/confirm/<token>
/imports/<import_id>
/imports/charts/<scan_id>
/moderation/decisions/<action_id>
/moderation/suspension/<token>
/notifications/<notification_id>/go
/notifications/unsubscribe/<token>
/packs/<pack_id>/cover
/packs/<pack_id>/release
/password/reset/<token>
/reactions/<subject>/<subject_id>
/report/<subject>/<subject_id>
/seasons/<slug>
/series/<series_id>
/sitemap-<section>-<number>.xml
/songs/<song_id>
/songs/<song_id>/credits.ini
/songs/<song_id>/cover
/songs/<song_id>/edit
/songs/<song_id>/row
/static/<filename>
/settings/webhooks/<webhook_id>
/api/settings/webhooks/<webhook_id>
/api/settings/webhooks/<webhook_id>/deliveries
/users/<username>/badge/<code>.<form>
/users/<username>/report
/badges/<public_id>
/badges/<public_id>.<form>
"""

OWNER, FOLLOWER, MEMBER, BLOCKED, ANONYMOUS = "owner", "follower", "member", "blocked", "anonymous"
VIEWERS = (OWNER, FOLLOWER, MEMBER, BLOCKED, ANONYMOUS)
MEMBERS = {OWNER, FOLLOWER, MEMBER, BLOCKED}
EVERYONE = {*MEMBERS, ANONYMOUS}
# Who sees her in each state.
STATES = {
    "everyone": EVERYONE,
    "members": MEMBERS,
    "me": {OWNER},
    "is_public off": EVERYONE,
    "revoked": EVERYONE,
    "held": {OWNER},
    "blocking": EVERYONE - {BLOCKED},
    "blocked by": EVERYONE - {BLOCKED},
    "suspended": set(),
    "banned": set(),
    "deleted": set(),
}
# In these states only the award is hidden.
AWARD_STATES = {"is_public off": {OWNER}, "revoked": set()}


@dataclass(frozen=True)
class Output:
    kind: str
    address: str
    htmx: bool

    @property
    def pattern(self) -> str:
        return self.address.partition("?")[0]

    def path(self, values: dict[str, object]) -> str:
        kind = "bug_id" if "/bugs/" in self.address else "feature_id"
        named = values | {"item_id": values[kind]}
        return re.sub(r"<(\w+)>", lambda found: str(named[found[1]]), self.address)


def outputs():
    for line in OUTPUTS.strip().splitlines():
        kind, address, *more = line.split()
        yield Output(kind, address, "htmx" in more)


@pytest.fixture
def her(app, clock, alice, bob, charlie, admin):
    """Quorra, who shows something of every kind, with Alice as her follower."""
    her = add_person(app, NAME)
    clock.move(days=30)
    with working(app):
        relations.set_follow(alice.user, her.user, wanted=True, limits=(), newcomer_days=0)
        her.user.audience = alice.user.audience = Audience.EVERYONE
        her.user.avatar = DIGEST
        db.session.add(
            Avatar(
                user_id=her.id, uploaded_at=the_clock.now(), attempts=0, failed=False, large=b"x"
            )
        )
    for person in (her, alice, bob, charlie, admin):  # a leaderboard has at least five
        release(app, person, f"By {person.username}")
    with working(app):
        song = db.session.scalars(sa.select(Song).where(Song.user_id == her.id)).one()
        song.cover = DIGEST
        now = the_clock.now()
        db.session.add(Cover(user_id=her.id, uploaded_at=now, digest=DIGEST, large=b"x"))
    return her


def release(app, person, title):
    song_id = add_song(app, person, title, artist=f"{person.username} band")
    with working(app):
        songs.move_song(find_song(song_id, for_update=True), person.user, status="released")


@pytest.fixture
def values(app, her, alice):
    """The values of arguments for what is hers."""
    with working(app):
        found = {
            kind: feedback.submit(
                her.user,
                kind,
                title="For all to see",
                description="This.",
                limit=settings().limit_feedback,
            )
            for kind in Kind
        }
        pack = packs.create_pack(her.user, name=f"Pack of {NAME}")
        song = next(iter(latest_of(her.id, her.id, limit=1)))
        packs.put_song(pack, song_id=song.id, optional=False)
        album = series.create_series(
            her.user, artist=NAME, album=f"Album of {NAME}", year="", tracks="One"
        )
        series.set_track(album, 1, song_id=song.id, irrelevant=False, anyway=True)
        shown = {
            "username": NAME,
            "code": CODE,
            "digest": DIGEST,
            "size": "256",
            "side": "500",
            "pack_id": pack.id,
            "song_id": song.id,
            "series_id": album.id,
            "form": "svg",
            "kind": "profile",
            "commented_id": _commented(her, alice),
            "feature_id": found[Kind.FEATURE].id,
            "bug_id": found[Kind.BUG].id,
        }
    with working(app):  # she has the award now, and no change withdraws an image
        return {
            **shown,
            "name": _image_of(her, ShareKind.PROFILE, her.id),
            "release_image": _image_of(her, ShareKind.RELEASE, shown["song_id"]),
            "pack_image": _image_of(her, ShareKind.PACK, shown["pack_id"]),
            "award_image": _image_of(her, ShareKind.ACHIEVEMENT, _award_of(her)),
        }


def _commented(her, alice):
    """Let her comment on Alice's release and react to it; return its id."""
    song_id = db.session.scalar(sa.select(Song.id).where(Song.user_id == alice.id))
    subject = Subject(SubjectType.RELEASE, song_id, alice.id)
    comments.write(subject, her.user, body="Well done.", limits=comments.Limits(()))
    reactions.react(her.user, subject, Reaction.LIKE, limits=())
    return song_id


def _award_of(her):
    return db.session.scalar(
        sa.select(UserAchievement.id)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == her.id, Achievement.code == CODE)
    )


def _image_of(her, kind, subject_id):
    """Keep an image of one of her pages; return the name in its address."""
    digest = "c" * 12
    wanted = share_images.acquire(kind, subject_id, her.id, digest)
    share_images.finish(*wanted, digest=digest, image=b"x")
    return f"{wanted[1]}-{digest}"


def missing(values):
    """The same for what never existed."""
    return {
        name: 10**9 if isinstance(value, int) else "b" * 64 if name == "digest" else "no-such"
        for name, value in values.items()
    } | {"size": "256", "form": "svg"}


def put(state, her, bob):
    user, now = db.session.get_one(User, her.id), the_clock.now()
    if state in set(Audience):
        user.audience = Audience(state)
    elif state == "is_public off":
        visibility.set_visibility(user, CODE, public=False)
    elif state == "revoked":
        revocations.revoke(find_by_username("olga"), user, CODE, reason="A test of this.")
    elif state == "held":
        db.session.add(
            Hold(subject_type=Held.PROFILE, subject_id=her.id, is_automatic=False, created_at=now)
        )
    elif state in {"blocking", "blocked by"}:
        one, other = (her, bob) if state == "blocking" else (bob, her)
        db.session.add(Block(user_id=one.id, blocked_id=other.id, created_at=now))
    elif state == "suspended":
        user.suspended_until = now + timedelta(days=1)
    elif state == "banned":
        user.banned_at = now
    else:
        delete_account(user)


@pytest.fixture
def browsers(app, her, alice, bob, charlie):
    people = {OWNER: her, FOLLOWER: alice, MEMBER: charlie, BLOCKED: bob}
    found = {viewer: Browser(app) for viewer in VIEWERS}
    for viewer, person in people.items():
        found[viewer].enter(person)
    return found


def body(page):
    """What a response says, without what differs in every response."""
    text = page.response.get_data()
    return re.sub(rb'(csrf_token" value|content|nonce|instance|data-version)="?[^"]*"', b"", text)


def ask(browser, output, values):
    return browser.get(output.path(values), htmx=output.htmx)


@pytest.mark.parametrize("state", STATES)
def test_every_output_shows_her_to_those_who_may_see_her(
    app, her, bob, values, browsers, state, subtests
):
    with working(app):
        put(state, her, bob)
    nothing = missing(values)
    for viewer, browser in browsers.items():
        seen = viewer in STATES[state]
        with subtests.test(viewer=viewer):
            for output in outputs():
                _check(browser, output, values, nothing, viewer, seen=seen, state=state)


def _is_door(page):
    return page.status == 401 or page.location.startswith("/login")


def _is_seen(output, viewer, state, *, seen):
    """Whether the viewer sees this output, if they see her."""
    if output.kind in {"followed", "earned"} and state in AWARD_STATES:
        return output.kind == "earned" and viewer in AWARD_STATES[state]
    if output.kind == "proof" and viewer != OWNER:
        return seen and ANONYMOUS in STATES[state]
    return seen


def _check(browser, output, values, nothing, viewer, *, seen, state):
    page = ask(browser, output, values)
    shown = NAME in page.html.casefold() if output.kind != "file" else page.status == 200
    if _is_door(page):
        return
    if output.kind in {"embed", "crawled", "image"}:
        public = ANONYMOUS in STATES[state]
        if output.kind == "image":
            public = public and state not in AWARD_STATES
        assert (shown if output.kind == "crawled" else page.status == 200) == public, output
        return
    seen = _is_seen(output, viewer, state, seen=seen)
    if viewer == OWNER:
        if seen and output.kind in {"page", "proof", "file", "earned"}:
            assert page.status in {200, 303}, output
    elif output.kind in {"page", "proof", "file", "earned"}:
        if seen:
            assert page.status == 200, output
            assert shown, output
        elif state == "blocked by" and viewer == BLOCKED and output.pattern == "/users/<username>":
            # He has blocked her, and sees nothing else.
            assert "Unblock" in page.text, output
            assert CODE not in page.html, output
        else:
            absent = ask(browser, output, nothing)
            assert page.status == absent.status == 404, output
            assert body(page) == body(absent), output
    elif output.kind == "award":
        expected = viewer in AWARD_STATES[state] if state in AWARD_STATES else seen
        assert (CODE in page.html) == expected, output
    else:
        assert page.status == 200 or state == "deleted", output
        assert shown == (seen and (output.kind == "list" or viewer == FOLLOWER)), output


def test_every_route_with_an_argument_stands_in_a_table(app, alice, bob):
    values = belongings_of(app, alice, bob)
    known = {output.pattern for output in outputs()} | set(OWN.split())
    routes = {
        route.pattern
        for route in all_routes(app, values)
        if route.method == "GET" and (route.arguments or "community" in route.pattern)
    }
    assert sorted(routes - known) == []
    assert sorted(set(OWN.split()) - routes) == []
