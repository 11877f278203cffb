"""`flask demo` creates a community once, with nothing left to recheck."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from PIL import Image

from tests.support.browsing import Browser
from tests.support.databases import run_command
from trackflow_web import composition
from trackflow_web.achievements.models import Achievement, UserAchievement, UserStats
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.demo import community, users
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.collaborations.models import Collaboration, Invitation
from trackflow_web.domain.covers.models import Cover
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.packs import queries as packs
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.series import queries as series
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import count_songs
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.redelivery import redeliver
from trackflow_web.kernel.transactions import unit_of_work
from trackflow_web.notifications.models import Notification

if TYPE_CHECKING:
    from flask import Flask

TABLES = (User, Song, SongPart, Pack, Feedback, Event, UserAchievement, UserStats)
NEWCOMERS = tuple(each for each in users.DEMO_USERS if each.username in {"demo", "wren", "milo"})


@pytest.fixture
def nobody(app: Flask) -> None:
    """An application without users."""
    with app.app_context(), unit_of_work(handlers=()):
        db.session.execute(sa.delete(User))


@pytest.fixture
def few(nobody, monkeypatch) -> None:
    """A cast of three, made within a second."""
    monkeypatch.setattr(users, "DEMO_USERS", NEWCOMERS)


def counts(app: Flask) -> list[int]:
    with app.app_context():
        return [
            db.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in TABLES
        ]


def numbers(username: str) -> UserStats:
    return db.session.scalars(
        sa.select(UserStats)
        .join(User, User.id == UserStats.user_id)
        .where(User.username == username)
    ).one()


@pytest.mark.both_databases
def test_a_recheck_after_the_demo_finds_nothing(app, few):
    run_command(app, "demo")

    with app.app_context():
        plan = recheck.find()
        assert (plan.users, plan.awards, plan.drift) == (len(NEWCOMERS), [], [])
        assert redeliver(composition.HANDLERS) == 0


@pytest.mark.both_databases
def test_inboxes_are_in_the_order_of_time(app, few):
    run_command(app, "demo")

    with app.app_context():
        rows = db.session.execute(
            sa.select(Notification.user_id, Notification.updated_at).order_by(
                Notification.user_id, Notification.version
            )
        ).all()
    assert len(rows) > 5
    assert rows == sorted(rows)


@pytest.mark.both_databases
def test_a_second_run_changes_nothing(app, few):
    run_command(app, "demo")
    before = counts(app)

    said = run_command(app, "demo")

    assert "no demo community was created" in said
    assert "Demo login: demo" in said
    assert counts(app) == before


def test_the_demo_is_not_created_if_users_exist(app, alice):
    before = counts(app)

    said = run_command(app, "demo")

    assert said == "The database already has accounts, so no demo community was created.\n"
    assert counts(app) == before


def test_the_demo_is_rejected_in_production(make_app):
    app = make_app(TRACKFLOW_ENV="production")
    before = counts(app)

    result = app.test_cli_runner().invoke(args=["demo"])

    assert result.exit_code == 1
    assert "never in production" in result.output
    assert counts(app) == before


def test_the_demo_is_created_completely_or_not_at_all(app, few, monkeypatch):
    def break_off(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(community, "_reward", break_off)

    with app.app_context(), pytest.raises(KeyboardInterrupt):
        community.make(composition.HANDLERS)

    assert counts(app) == [0] * len(TABLES)


def test_the_clock_is_restored_after_the_demo(app, few, clock):
    run_command(app, "demo")

    assert clock.move(hours=1) == clock()
    with app.app_context():
        newest = db.session.scalar(sa.select(sa.func.max(Event.created_at)))
    assert newest < clock()


@pytest.mark.both_databases
def test_awards_have_the_dates_on_which_they_were_earned(app, few):
    run_command(app, "demo")

    with app.app_context():
        released = db.session.scalars(
            sa.select(Song.released_at)
            .join(User, User.id == Song.user_id)
            .where(User.username == "demo", Song.released_at.is_not(None))
            .order_by(Song.released_at)
        ).all()
        tenth = db.session.scalar(
            sa.select(UserAchievement.earned_at)
            .join(Achievement, Achievement.id == UserAchievement.achievement_id)
            .where(Achievement.code == "published_artist")
        )
        assert tenth == released[9]


def test_the_demo_user_is_close_to_several_achievements(app, few):
    run_command(app, "demo")

    with app.app_context():
        demo = numbers("demo")
        assert 20 <= demo.total_achievements <= 40
        # One more release unlocks three, one more part another.
        assert (demo.total_released, demo.total_finished, demo.distinct_artists) == (24, 9, 24)
        assert demo.total_authored == 4
        assert db.session.scalar(
            sa.select(sa.func.count(Song.id)).where(Song.user_id == demo.user_id, _nearly_charted())
        )
        # The song of wren, with which the demo login helps, is among those in WIP.
        assert count_songs(demo.user_id).tabs == {
            "all": 43,
            "future": 11,
            "wip": 8,
            "released": 24,
        }


@pytest.mark.both_databases
def test_the_demo_user_has_packs_and_half_an_album(app, few):
    run_command(app, "demo")

    with app.app_context():
        demo = numbers("demo")
        assert (demo.total_packs, demo.completed_packs) == (2, 0)
        found = packs.list_packs(demo.user_id, page=1).rows
        nearly, other = sorted(found, key=lambda each: each.authored, reverse=True)
        assert (nearly.songs, nearly.authored) == (4, 3)
        optional = [song.is_optional for song in packs.list_songs(other, page=1).rows]
        assert optional == [False, False, False, True]
        (album,) = series.list_series(demo.user_id, page=1).rows
        linked = [track for track in series.tracks_of(album.series.id) if track.song_id]
        assert (album.relevant, album.released, len(linked)) == (7, 1, 4)
        assert (demo.total_collaborations, demo.collaborations_joined) == (1, 1)
        assert demo.total_feature_requests == 1


def test_the_demo_user_sees_uploaded_covers(app, few):
    run_command(app, "demo")
    browser = Browser(app)
    browser.sign_in("demo", users.DEMO.password)

    page = browser.get("/users/demo")
    sources = [each["src"] for each in page.all(".release-tile .cover")]
    found = [source for source in sources if source.endswith("-250.webp")]
    assert len(set(found)) == 2
    for size in (250, 500):
        answer = browser.client.get(found[0].replace("-250", f"-{size}"))
        image = Image.open(io.BytesIO(answer.data))
        assert (image.format, image.size) == ("WEBP", (size, size))
    with app.app_context():
        assert db.session.scalars(sa.select(Pack.name).where(Pack.cover.is_not(None))).all() == [
            "Stadium Night"
        ]
        assert db.session.scalar(sa.select(sa.func.count()).where(Cover.digest.is_(None))) == 0


def _nearly_charted() -> sa.ColumnElement[bool]:
    return Song.parts_done + Song.parts_skipped == 14


def test_the_webhook_of_the_demo_user_has_a_log_and_sends_nothing(app, few):
    run_command(app, "demo")
    browser = Browser(app)
    browser.sign_in(users.DEMO.username, users.DEMO.password)
    link = browser.get("/settings/webhooks").one("[data-webhook] a")["href"]
    page = browser.get(link)
    assert [row["data-outcome"] for row in page.all("[data-delivery]")] == [
        "delivered",
        "failed",
        "delivered",
    ]
    assert page.one(".pill")["data-state"] == "paused"
    browser.post(link, state="active")
    browser.post(f"{link}/test")
    latest = browser.get(link).all("[data-delivery]")[0]
    assert (latest["data-outcome"], "unreadable address" in latest.text) == ("dropped", True)


def test_the_first_page_of_the_demo_user_shows_one_summary(app, few):
    run_command(app, "demo")
    browser = Browser(app)

    first = browser.sign_in("demo", users.DEMO.password)

    assert first.toasts() == ["summary"]
    assert browser.get("/achievements/").toasts() == []


def test_the_demo_community_spans_two_years(app, nobody):
    run_command(app, "demo")

    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(User.id))) == len(users.DEMO_USERS)
        dates = db.session.scalars(sa.select(UserAchievement.earned_at)).all()
        assert max(dates) - min(dates) > timedelta(days=600)
        assert max(dates) <= clock.now()
        veteran = numbers("ragnhild")
        assert veteran.total_released > 250
        assert veteran.login_streak >= 100
        assert veteran.distinct_decades == 8
        assert numbers("wren").total_songs == 1
        assert numbers("milo").total_achievements == 0
        assert db.session.scalars(sa.select(User.username).where(User.is_admin)).all() == ["olga"]
        assert recheck.find().awards == []
        for pack in db.session.scalars(sa.select(Pack)):
            assert packs.is_complete(pack.id) == (pack.completed_at is not None), pack.name
        assert _have_help_on_both_sides("demo", "noriko")
        answers = set(db.session.scalars(sa.select(Invitation.state)))
        assert answers == {"accepted", "pending"}
        assert db.session.scalars(sa.select(Feedback.status).order_by(Feedback.id)).all() == [
            "planned",
            "open",
            "confirmed",
        ]


def _have_help_on_both_sides(one: str, other: str) -> bool:
    ids = {user.username: user.id for user in db.session.scalars(sa.select(User))}
    pairs = set(db.session.execute(sa.select(Collaboration.owner_id, Collaboration.user_id)))
    return {(ids[one], ids[other]), (ids[other], ids[one])} <= {tuple(pair) for pair in pairs}
