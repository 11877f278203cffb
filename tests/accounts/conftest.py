"""Alice, with data in every table, alone and with Bob."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.support import charts
from tests.support.catalogues import save_season
from tests.support.people import working
from tests.support.pictures import picture
from trackflow_web.achievements.category_models import CategoryCompletion, CategoryEdition
from trackflow_web.achievements.standings.models import LeaderboardFinal
from trackflow_web.community.models import FeedEntry, HiddenEntry, Highlight
from trackflow_web.credentials.models import Credential
from trackflow_web.domain.imports.models import Connection
from trackflow_web.domain.mail.actions import queue
from trackflow_web.domain.mail.models import MailKind
from trackflow_web.domain.moderation.models import ModerationAction, Report
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people import administration, avatars
from trackflow_web.domain.people.queries import find_by_username
from trackflow_web.domain.relations.models import RemovedFollower
from trackflow_web.domain.share_images import actions as share_images
from trackflow_web.domain.share_images.models import Kind
from trackflow_web.domain.visibility.models import Block, Hold
from trackflow_web.domain.webhooks import outbox, queueing
from trackflow_web.domain.webhooks.models import Webhook
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.notifications.models import NotificationPreferences, NotificationSetting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.support.browsing import Browser, Page
    from tests.support.people import Person

PLAYLIST = "title,artist,album,year,Track URI\nHurt,Johnny Cash,,2002,spotify:track:1\n"
SEALED = "sealed-by-a-key-outside"


@dataclass
class Life:
    """Objects of Alice that tests look for after her account is deleted."""

    token: str = ""
    bobs_request: str = ""
    her_request: str = ""


@pytest.fixture
def full_life(
    app: Flask,
    alice: Person,
    bob: Person,
    as_alice: Browser,
    as_bob: Browser,
    as_admin: Browser,
    stranger: Browser,
) -> Life:
    """Something of Alice's in every table that can hold it."""
    life = Life()
    with working(app):
        save_season()
        for person in (alice, bob):  # no newcomers
            person.user.created_at -= timedelta(days=30)
    _make_music(as_alice)
    _work_together(as_alice, as_bob)
    _talk(life, as_alice, as_bob, as_admin)
    as_alice.post("/settings/tokens", name="My script", scope="write", days="30")
    as_alice.post("/settings/webhooks", url="https://hooks.example.org/", events="pack.released")
    day = f"{clock.now().date() + timedelta(days=14)}"
    as_alice.post("/settings/streaks/break", **{"from": day, "to": day})
    as_admin.post("/achievements/check", user="alice")
    stranger.sign_in("alice", "guessed by a stranger")
    with working(app):
        avatars.upload(alice.user, picture())
    with working(app):
        _tell_nobody(alice)
    app.extensions["trackflow.jobs"].sweep(at_start=True)
    with working(app):
        special = sa.select(CategoryEdition).where(CategoryEdition.category == "special")
        db.session.add(
            CategoryCompletion(
                user_id=alice.id,
                category="special",
                edition=db.session.scalars(special).one().edition,
                completed_at=clock.now(),
                awarded_at=clock.now(),
                points=0,
            )
        )
        db.session.add(
            Highlight(
                kind="release",
                start=date(2025, 6, 2),
                subject_id=1,
                user_id=alice.id,
                rule_version=1,
                figures={},
                published_at=clock.now(),
            )
        )
        feed_id = db.session.scalar(sa.select(FeedEntry.id).limit(1))
        db.session.add(HiddenEntry(user_id=alice.id, feed_id=feed_id, hidden_at=clock.now()))
        db.session.add(
            LeaderboardFinal(
                kind="points",
                span="week",
                start=date(2025, 6, 2),
                position=1,
                place=1,
                user_id=alice.id,
                score=10,
            )
        )
        queue(MailKind.PASSWORD_RESET, address=alice.email, base_url="https://trackflow.example")
        administration.promote(alice.user, by=None, why="helps out")
        administration.demote(alice.user, by=None, why="has no time")
        noise = find_by_username("noise")
        assert noise is not None
        db.session.add_all(
            [
                Block(user_id=alice.id, blocked_id=noise.id, created_at=clock.now()),
                Block(user_id=noise.id, blocked_id=alice.id, created_at=clock.now()),
                *(
                    Report(
                        user_id=author.id,
                        owner_id=owner.id,
                        subject_type="profile",
                        subject_id=owner.id,
                        reason="spam",
                        text="",
                        state="open",
                        created_at=clock.now(),
                    )
                    for author, owner in ((alice, noise), (noise, alice))
                ),
                ModerationAction(
                    owner_id=alice.id,
                    subject_type="profile",
                    subject_id=alice.id,
                    action="warn",
                    reason="spam",
                    statement="Too loud.",
                    created_at=clock.now(),
                ),
                Hold(
                    subject_type="profile",
                    subject_id=alice.id,
                    is_automatic=True,
                    created_at=clock.now(),
                ),
                RemovedFollower(user_id=alice.id, follower_id=noise.id, until=clock.now()),
                RemovedFollower(user_id=noise.id, follower_id=alice.id, until=clock.now()),
            ]
        )
        db.session.add(NotificationPreferences(user_id=alice.id, one_line_each=True))
        db.session.add(
            Credential(
                user_id=alice.id,
                public_id="c" * 32,
                status_index=1,
                issued_at=clock.now(),
                document="{}",
            )
        )
        db.session.add(
            NotificationSetting(user_id=alice.id, type="new_release", channel="site", is_on=False)
        )
        life.token = people.create_token(alice.user, name="Another", scope="read", days=30)
        db.session.add(
            Connection(
                user_id=alice.id,
                access_token=SEALED,
                refresh_token=SEALED,
                created_at=clock.now(),
                updated_at=clock.now(),
            )
        )
    with working(app):
        share_images.want(Kind.PROFILE, alice.id, alice.id)
    return life


UNCLEAR = b"What,Who\nOrion,Metallica\n"


def _tell_nobody(alice: Person) -> None:
    """Pause her webhook after something was queued for it: nothing is sent."""
    webhook = db.session.scalars(sa.select(Webhook).where(Webhook.user_id == alice.id)).one()
    happened = queueing.Happened(alice.id, "pack.released", 1, "once", clock.now())
    queueing.queue([webhook], [happened])
    outbox.drop_waiting(webhook.id, "paused")
    webhook.state = "paused"


def _make_music(as_alice: Browser) -> None:
    song = _song(as_alice, "One", "Metallica", year=1988)
    as_alice.post(f"{song}/parts/drums", state="done")
    as_alice.api("POST", "/api/templates/", {"name": "Her own", "not_needed": ["keys"]})
    as_alice.post(f"{song}/status", status="released")
    pack = _made(as_alice.post("/packs/", name="Road trip"))
    as_alice.post(f"{pack}/songs", song_id=song.rpartition("/")[2])
    series = _made(
        as_alice.post("/series/", artist="Metallica", album="Justice", tracks="One\nBlackened")
    )
    as_alice.post(f"{series}/tracks/1", song_id=song.rpartition("/")[2])
    as_alice.post("/imports/", file=(io.BytesIO(PLAYLIST.encode()), "list.csv"), start="1")
    preview = _made(as_alice.post("/imports/", file=(io.BytesIO(UNCLEAR), "sheet.csv")))
    as_alice.post(f"{preview}/columns", column_title="0", column_artist="1")
    as_alice.post(f"{song}/cover", cover=(io.BytesIO(picture()), "cover.png"))
    as_alice.post("/imports/charts", files=(io.BytesIO(charts.chart()), "notes.chart"))
    as_alice.post("/settings/achievements/first_release/pin", move="pin")


def _work_together(as_alice: Browser, as_bob: Browser) -> None:
    hers = _song(as_alice, "Battery", "Metallica")
    also_hers = _song(as_alice, "Orion", "Metallica")
    his = _song(as_bob, "Creep", "Radiohead")
    as_alice.post(f"{hers}/collaborators", username="bob")
    received = as_bob.api("GET", "/api/invitations/").json["items"]
    as_bob.post(f"/invitations/{received[0]['id']}/accept")
    as_alice.post(f"{also_hers}/collaborators", username="bob")
    as_bob.post(f"{his}/collaborators", username="alice")
    as_bob.post(f"{hers}/parts/bass", state="done")
    as_alice.post("/users/bob/follow")
    as_bob.post("/users/alice/follow")
    as_alice.post("/users/bob/mute")
    as_alice.post("/mutes/artist", artist="Nickelback")
    as_bob.post("/users/alice/mute")


def _talk(life: Life, as_alice: Browser, as_bob: Browser, as_admin: Browser) -> None:
    life.her_request = _made(as_alice.post("/features/", title="Dark mode", description="Night."))
    life.bobs_request = _made(as_bob.post("/features/", title="Undo", description="For me."))
    as_alice.post(f"{life.bobs_request}/comments", body="Me too, please.")
    as_alice.post(f"{life.bobs_request}/vote")
    as_bob.post(f"{life.her_request}/comments", body="Good idea.")
    as_bob.post(f"{life.her_request}/vote")
    as_admin.post(f"{life.her_request}/status", status="planned", reason="Yes.")
    _comment_and_react(as_alice, as_bob)


def _comment_and_react(as_alice: Browser, as_bob: Browser) -> None:
    """Alice writes on Bob's pack, is answered and mentioned; her own pack's thread is closed."""
    hers, his = (_made(each.post("/packs/", name="Live")) for each in (as_alice, as_bob))
    his_thread, her_thread = f"/api/comments{_one(his)}", f"/api/comments{_one(hers)}"
    first = as_alice.api("POST", his_thread, {"body": "By alice."}).json["id"]
    as_alice.api("POST", his_thread, {"body": "Gone with me."})
    as_bob.api("POST", his_thread, {"body": "Thanks, @alice!", "parent_id": first})
    with _later():
        as_alice.api("PATCH", f"/api/comments/{first}", {"body": "By alice, edited."})
    as_bob.api("POST", her_thread, {"body": "Nice pack."})
    as_bob.api("PUT", f"/api/reactions{_one(hers)}", {"kind": "like"})
    as_alice.api("PUT", f"/api/reactions{_one(his)}", {"kind": "banger"})
    as_alice.api("PUT", f"{her_thread}/closed", {"closed": True})


def _one(pack: str) -> str:
    return f"/pack/{pack.rpartition('/')[2]}"


@contextmanager
def _later() -> Iterator[None]:
    """Six minutes later, when a change is a version."""
    before = clock._source
    clock.set_source(lambda: before() + timedelta(minutes=6))
    try:
        yield
    finally:
        clock.set_source(before)


def _song(browser: Browser, title: str, artist: str, **fields: object) -> str:
    made = browser.api("POST", "/api/songs/", {"title": title, "artist": artist, **fields})
    return f"/songs/{made.json['id']}"


def _made(answer: Page) -> str:
    """The URL of what a form made."""
    assert answer.status == 303, answer
    return answer.location


@pytest.fixture
def dump(app: Flask):
    """`dump()`: every value of every table, as one lower-case text."""

    def read() -> str:
        with app.app_context():
            found = []
            for name in sa.inspect(db.engine).get_table_names():
                if name.startswith("activities_"):
                    continue  # partitions, whose rows are those of their table
                rows = db.session.execute(sa.select(sa.table(name, sa.literal_column("*"))))
                found += [f"{name}: {list(row)!r}" for row in rows]
        return "\n".join(found).lower()

    return read
