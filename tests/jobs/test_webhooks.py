"""Deliveries of webhooks: what is sent, when it is tried again, and when it ends."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support.charter import statements_of
from tests.support.people import add_person, working
from tests.support.receiver import receiving
from tests.support.songs import add_song
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.config import Config, ConfigError
from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.moderation import actions as moderation
from trackflow_web.domain.moderation.models import Report
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people import administration, profile
from trackflow_web.domain.people.queries import find_by_username
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.undo import actions as undo
from trackflow_web.domain.undo import snapshots
from trackflow_web.domain.undo.models import UndoStep
from trackflow_web.domain.undo.steps import SongsDeleted
from trackflow_web.domain.visibility import Held
from trackflow_web.domain.visibility.models import Hold
from trackflow_web.domain.webhooks import actions, outbox, queries, rules
from trackflow_web.domain.webhooks.models import Delivery, EventName, State, Webhook
from trackflow_web.kernel import clock as the_clock
from trackflow_web.kernel import failpoints
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event
from trackflow_web.notifications.models import Notification
from trackflow_web.webhooks import delivery as steps
from trackflow_web.webhooks import discord, handler
from trackflow_web.webhooks.content import Content

RELEASES = ["song.released"]


@pytest.fixture
def app(make_app):
    return make_app(WEBHOOK_TARGETS="loopback", SITE_URL="https://trackflow.example")


@pytest.fixture
def receiver():
    with receiving() as there:
        yield there


@pytest.fixture
def jobs(app):
    return app.extensions["trackflow.jobs"]


@pytest.fixture
def alice(app):
    """Alice, whose profile everyone sees."""
    person = add_person(app, "alice")
    with working(app):
        person.user.audience = "everyone"
    return person


@pytest.fixture
def hook(app, alice, receiver, jobs):
    """`hook()`: a webhook of Alice's; returns its secret."""

    def add(*events, **fields):
        sent = {"url": f"{receiver.address}/hook", "events": list(events or RELEASES)} | fields
        with working(app):
            _, secret = actions.create(
                alice.user,
                jobs.tools.vault,
                base_url="http://localhost",
                loopback=True,
                **sent,
            )
        return secret

    return add


@pytest.fixture
def send(app, jobs):
    """`send()`: the job runs."""

    def run():
        with working(app):
            jobs.start_webhooks()

    return run


def release(app, person, title="One", **more):
    return add_song(app, person, title, status="released", **more)


def move(app, person, song_id, status):
    with working(app):
        songs.move_song(find_song(song_id, for_update=True), person.user, status=status)


def webhook_in(app):
    with app.app_context():
        return db.session.scalars(sa.select(Webhook)).one()


def deliveries(app):
    with app.app_context():
        return list(db.session.scalars(sa.select(Delivery).order_by(Delivery.id)))


def test_a_release_is_sent_signed_with_ids_links_and_credits(app, alice, hook, receiver, send):
    secret = hook()
    song_id = release(app, alice, album="Kill 'Em All", year=1983)
    assert receiver.received == []  # nothing is sent in the unit of work
    send()
    (request,) = receiver.received
    assert request.is_signed_with(secret)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "TrackFlow (+https://trackflow.example)"
    assert re.fullmatch(r"msg_[0-9a-f]{24}", request.id)
    body = request.json
    assert set(body) == {"type", "timestamp", "data"}
    assert body["type"] == "song.released"
    assert body["data"]["song"] == {
        "id": song_id,
        "title": "One",
        "artist": "Metallica",
        "album": "Kill 'Em All",
        "year": 1983,
        "url": f"https://trackflow.example/releases/{song_id}",
        "cover": None,
        "parts": [],
    }
    assert [each["username"] for each in body["data"]["credits"]] == ["alice"]
    send()
    assert len(receiver.received) == 1


def test_each_kind_of_event_is_sent_once(app, alice, hook, receiver, send):
    hook(*EventName)
    with working(app):
        pack = packs.create_pack(alice.user, name="Four")
        album = series.create_series(
            alice.user, artist="Metallica", album="Load", year="", tracks="One"
        )
        ids = [
            songs.add_song(alice.user, title=title, artist="Metallica", status="wip").id
            for title in ("One", "Two")
        ]
        for song_id in ids:
            packs.put_song(pack, song_id=song_id, optional=False)
        series.set_track(album, 1, song_id=ids[0], irrelevant=False)
    for song_id in ids:
        move(app, alice, song_id, "released")
    send()
    types = receiver.types
    assert types.count("song.released") == 2
    assert types.count("pack.released") == 1
    assert types.count("series.completed") == 1
    assert types.count("achievement.unlocked") >= 1
    assert len({each.id for each in receiver.received}) == len(types)
    (packed,) = (each.json for each in receiver.received if each.json["type"] == "pack.released")
    assert packed["data"]["pack"]["songs"] == 2


def test_only_chosen_events_of_their_own_work_are_sent(app, alice, hook, receiver, send):
    hook("level.reached")
    bob = add_person(app, "bob")
    release(app, alice)
    release(app, bob)
    send()
    assert set(receiver.types) <= {"level.reached"}
    assert len(deliveries(app)) == len(receiver.received)


def test_imports_are_not_told(app, alice, hook, receiver, as_alice):
    hook(*EventName)
    as_alice.post("/imports/", file=_file(), status="released", start="1")
    assert receiver.received == []


def _file():
    return io.BytesIO(b"title,artist\nOne,Metallica\n"), "list.csv"


HIDING = {
    "members only": lambda alice, _song: setattr(alice, "audience", "members"),
    "only me": lambda alice, _song: setattr(alice, "audience", "me"),
    "banned": lambda alice, _song: setattr(alice, "banned_at", the_clock.now()),
    "suspended": lambda alice, _song: setattr(
        alice, "suspended_until", the_clock.now() + timedelta(days=1)
    ),
    "held": lambda _alice, song: db.session.add(
        Hold(
            subject_type=Held.RELEASE,
            subject_id=song.id,
            is_automatic=False,
            created_at=the_clock.now(),
        )
    ),
    "moved back": lambda alice, song: songs.move_song(song, alice, status="wip"),
    "deleted": lambda alice, song: songs.delete_song(song, alice),
}


@pytest.mark.parametrize("state", HIDING)
def test_what_was_hidden_before_it_is_sent_is_not_sent(app, alice, hook, receiver, send, state):
    hook()
    song_id = release(app, alice, "A secret")
    with working(app):
        HIDING[state](alice.user, find_song(song_id, for_update=True))
    send()
    assert receiver.received == []
    (delivery,) = deliveries(app)
    assert (delivery.outcome, delivery.error) == ("dropped", "not public")


def test_a_collaborator_whom_visitors_do_not_see_is_not_named(app, alice, hook, receiver, send):
    hook()
    bob = add_person(app, "bob")  # for members only
    song_id = add_song(app, alice, status="wip")
    with working(app):
        invitations.remember_work(alice.id, bob.id)
        collaborators.add_collaborator(
            find_song(song_id, for_update=True), username="bob", limits=()
        )
    move(app, alice, song_id, "released")
    send()
    assert b"alice" in receiver.received[0].body
    assert b"bob" not in receiver.received[0].body


def test_a_deleted_account_takes_its_deliveries_along(app, alice, hook, receiver, send):
    hook()
    release(app, alice)
    with working(app):
        delete_account(alice.user)
    send()
    assert receiver.received == []
    assert deliveries(app) == []


@pytest.mark.parametrize("gone", ["webhook", "account"])
def test_what_is_deleted_while_its_message_is_sent_stays_deleted(app, alice, hook, jobs, gone):
    hook()
    release(app, alice)
    with working(app):
        ids = [row.id for row in outbox.acquire_due(8)]
    tools = jobs.tools
    with app.app_context():
        prepared = steps.prepare(ids, webhook_in(app).id, tools.vault, tools.site_url)
    attempt = steps.send(prepared, tools.sender)
    assert attempt.status == 204
    with working(app):
        if gone == "webhook":
            actions.delete(queries.find_webhook(prepared.webhook_id))
        else:
            delete_account(alice.user)
    with working(app):
        steps.finish(prepared, attempt)
    assert deliveries(app) == []


def test_failures_are_tried_again_with_the_same_id(app, alice, hook, receiver, send, clock):
    secret = hook()
    for status in (500, 302, 404):
        receiver.answer(status, b"no")
    release(app, alice)
    send()
    for seconds in (6, 330, 1980):
        send()  # too early
        clock.move(seconds=seconds)
        send()
    assert len(receiver.received) == 4
    assert len({each.id for each in receiver.received}) == 1
    assert len({each.headers["webhook-timestamp"] for each in receiver.received}) == 4
    assert all(each.is_signed_with(secret) for each in receiver.received)
    (delivery,) = deliveries(app)
    assert (delivery.outcome, delivery.attempts, delivery.status) == ("delivered", 4, 204)


def test_a_receiver_that_fails_for_long_is_turned_off_and_its_owner_is_told(
    app, alice, hook, receiver, send, clock
):
    hook()
    for _ in range(20):
        receiver.answer(500)
    release(app, alice)
    while webhook_in(app).state == State.ACTIVE and len(receiver.received) < 12:
        send()
        clock.move(hours=27)
    assert webhook_in(app).reason == "failing"
    assert len(receiver.received) == 10
    assert deliveries(app)[0].outcome == "failed"
    with app.app_context():
        told = sa.select(Notification.type).where(Notification.user_id == alice.id)
        assert list(db.session.scalars(told)).count("webhook_disabled") == 1
    release(app, alice, "Two")
    send()
    assert len(receiver.received) == 10


def test_many_failures_of_one_hour_do_not_turn_it_off(app, alice, hook, receiver, send):
    hook()
    for number in range(12):
        receiver.answer(500)
        release(app, alice, f"Song {number}")
        send()
    webhook = webhook_in(app)
    assert webhook.state == State.ACTIVE
    # From the third on the others wait, so that a receiver that is down is asked rarely.
    assert len(receiver.received) == 3
    assert webhook.failures == 3


def test_410_turns_it_off_at_once(app, alice, hook, receiver, send):
    hook()
    receiver.answer(410)
    release(app, alice)
    release(app, alice, "Two")
    send()
    assert (webhook_in(app).state, webhook_in(app).reason) == ("disabled", "gone")
    assert [each.outcome for each in deliveries(app)] == ["failed", "dropped"]
    assert len(receiver.received) == 1


def test_a_receiver_that_wants_fewer_requests_gets_none_for_so_long(
    app, alice, hook, receiver, send, clock
):
    hook()
    receiver.answer(429, Retry_After="3600")
    release(app, alice)
    release(app, alice, "Two")
    send()
    clock.move(minutes=59)
    release(app, alice, "Three")
    send()
    assert len(receiver.received) == 1
    clock.move(minutes=2)
    send()
    assert len(receiver.received) == 4
    assert webhook_in(app).failures == 0


def test_a_receiver_that_is_not_there_is_an_error_without_its_address(
    app, alice, hook, receiver, send
):
    with receiving() as closed:
        address = closed.address
    hook(url=f"{address}/secret-path")
    release(app, alice)
    send()
    (delivery,) = deliveries(app)
    assert (delivery.status, delivery.error) == (None, "couldn't connect")
    assert delivery.ended_at is None
    del receiver


def test_the_same_event_is_queued_once(app, alice, hook):
    """Redelivery after a crash does no harm."""
    hook()
    release(app, alice)
    with working(app):
        events = list(db.session.scalars(sa.select(Event).where(Event.name == "song_released")))
        handler.handle(events)
    assert len(deliveries(app)) == 1


@pytest.mark.both_databases
def test_an_account_queues_a_limited_number_a_day(app, alice, hook, clock, most):
    hook()
    most(MAX_DELIVERIES=2)
    for number in range(4):
        release(app, alice, f"Song {number}")
    assert [each.outcome for each in deliveries(app)] == ["", "", "dropped"]
    clock.move(days=1, seconds=1)
    release(app, alice, "Another day")
    assert [each.outcome for each in deliveries(app)] == ["", "", "dropped", ""]


@pytest.mark.both_databases
def test_an_owner_is_told_once_a_day_of_what_is_not_sent(app, alice, as_alice, hook, clock, most):
    hook()
    hook()
    page = f"/settings/webhooks/{hook_ids(app)[0]}"
    most(MAX_DELIVERIES=2)
    release(app, alice)
    assert not as_alice.get(page).all("[data-note=limit]")
    for number in range(3):
        release(app, alice, f"Song {number}")
    for address in (page, "/settings/webhooks"):
        assert "2 deliveries a day" in as_alice.get(address).one("[data-note=limit]").text
    assert "daily limit" in as_alice.get(page).one("[data-outcome=dropped]").text
    assert told(app, alice).count("webhook_limited") == 1
    clock.move(days=1, seconds=1)
    assert not as_alice.get(page).all("[data-note=limit]")
    for number in range(3):
        release(app, alice, f"Another {number}")
    assert told(app, alice).count("webhook_limited") == 2


def hook_ids(app):
    with app.app_context():
        return list(db.session.scalars(sa.select(Webhook.id).order_by(Webhook.id)))


def told(app, person):
    with app.app_context():
        found = sa.select(Notification.type).where(Notification.user_id == person.id)
        return list(db.session.scalars(found))


def test_maintenance_sends_what_is_due_and_deletes_what_is_old(
    app, alice, hook, receiver, jobs, clock
):
    hook()
    release(app, alice)
    jobs.sweep()
    assert deliveries(app)[0].outcome == "delivered"
    clock.move(days=7, seconds=1)
    jobs.sweep()
    assert deliveries(app) == []
    assert len(receiver.received) == 1


@pytest.mark.both_databases
def test_two_workers_send_a_delivery_once(app, alice, hook, jobs):
    del jobs
    hook()
    hook()
    release(app, alice)
    with working(app):
        first = [row.id for row in outbox.acquire_due(8)]
    with working(app):
        assert len(first) == 2
        assert outbox.acquire_due(8) == []


@pytest.mark.both_databases
def test_a_worker_that_died_is_replaced_after_a_time(app, alice, hook, receiver, send, clock):
    hook()
    release(app, alice)
    with working(app):
        outbox.acquire_due(8)
    send()
    assert receiver.received == []
    clock.move(seconds=outbox.ATTEMPT_TAKES.total_seconds() + 1)
    send()
    assert len(receiver.received) == 1


def test_a_delivery_whose_attempts_all_died_ends(app, alice, hook, receiver, send, clock):
    hook()
    release(app, alice)
    for _ in range(rules.MOST_ATTEMPTS):
        with working(app):
            assert outbox.acquire_due(8)
        clock.move(seconds=outbox.ATTEMPT_TAKES.total_seconds() + 1)
    send()
    assert receiver.received == []
    assert [row.outcome for row in deliveries(app)] == ["dropped"]


# --- Discord -------------------------------------------------------------------------------------


# What Discord answers to a request with `wait=true`.
MADE = b'{"id": "1234567890123456789", "content": "", "embeds": []}'
MESSAGE = "/api/webhooks/1234/token-of-the-channel/messages/1234567890123456789"


@pytest.fixture
def channel(hook, receiver, send, clock):
    """`channel()`: what waits for Discord is sent; returns the requests so far."""

    def run(seconds=2):
        clock.move(seconds=seconds)
        send()
        return receiver.received

    hook("song.released", "achievement.unlocked", url=receiver.discord, kind="discord")
    return run


def titles(request):
    return [embed["title"] for embed in request.json["embeds"]]


@pytest.mark.both_databases
def test_what_happens_within_two_seconds_is_one_message(app, alice, channel, clock):
    release(app, alice, "One")
    clock.move(seconds=1)
    release(app, alice, "Two")
    (request,) = channel()
    assert {"One", "Two"} <= set(titles(request))
    assert len(titles(request)) == len(deliveries(app)) > 2
    assert {each.outcome for each in deliveries(app)} == {"delivered"}
    assert request.path.endswith("?wait=true")


def test_a_message_has_ten_embeds_at_most(app, alice, hook, receiver, send, clock):
    hook(url=receiver.discord, kind="discord")
    for number in range(12):
        release(app, alice, f"Song {number}")
    clock.move(seconds=2)
    send()
    assert sorted(len(titles(each)) for each in receiver.received) == [2, 10]


@pytest.mark.both_databases
def test_a_message_is_edited_when_its_release_changes(app, alice, hook, receiver, channel):
    receiver.answer(200, MADE)
    song_id = release(app, alice, "One")
    release(app, alice, "Two")
    channel()
    edit(app, alice, song_id, title="One (live)")
    edit(app, alice, song_id, title="One (fixed)")
    first, second = channel(seconds=31)
    assert (second.method, second.path) == ("PATCH", MESSAGE)
    assert len(titles(second)) == len(titles(first))
    assert {"One (fixed)", "Two"} <= set(titles(second))
    assert {each.outcome for each in deliveries(app)} == {"delivered"}
    edit(app, alice, add_song(app, alice, "Planned"), title="Still planned")
    assert [each.method for each in channel(seconds=31)].count("PATCH") == 1


def edit(app, person, song_id, **fields):
    with working(app):
        song = find_song(song_id, for_update=True)
        about = {"artist": song.artist, "album": song.album, "year": song.year}
        songs.edit_song(song, person.user, **about | fields)


@pytest.mark.both_databases
def test_a_message_that_waits_to_be_edited_keeps_all_that_is_in_it(
    app, alice, receiver, channel, clock
):
    receiver.answer(200, MADE)
    song_id = release(app, alice, "One")
    release(app, alice, "Two")
    channel()
    clock.move(days=6, hours=23)
    edit(app, alice, song_id, title="One (live)")
    clock.move(hours=2)  # Discord was away
    with working(app):
        outbox.prune()
    assert {"One (live)", "Two"} <= set(titles(channel()[-1]))
    clock.move(days=8)
    with working(app):
        outbox.prune()
    assert deliveries(app) == []


def test_a_message_that_was_deleted_does_not_turn_the_webhook_off(
    app, alice, hook, receiver, channel
):
    receiver.answer(200, MADE)
    receiver.answer(404, b'{"message": "Unknown Message", "code": 10008}')
    song_id = release(app, alice, "One")
    channel()
    edit(app, alice, song_id, title="One (live)")
    channel(seconds=31)
    assert webhook_in(app).state == State.ACTIVE
    assert {each.remote_id for each in deliveries(app)} == {""}
    edit(app, alice, song_id, title="One (fixed)")
    assert len(channel(seconds=31)) == 2


@pytest.mark.parametrize("id_", ['"../../1"', '"1/../.."', "1", '"' + "1" * 21 + '"', "null", '""'])
def test_an_id_that_is_none_is_not_used(app, alice, receiver, channel, id_):
    receiver.answer(200, b'{"id": ' + id_.encode() + b"}")
    release(app, alice)
    channel()
    assert {each.remote_id for each in deliveries(app)} == {""}


def test_the_last_request_that_discord_allows_holds_the_others(app, alice, receiver, channel):
    receiver.answer(200, MADE, X_RateLimit_Remaining="0", X_RateLimit_Reset_After="9.5")
    release(app, alice)
    channel()
    release(app, alice, "Two")
    assert len(channel(seconds=7)) == 1
    assert len(channel(seconds=3)) == 2


def test_what_is_hidden_is_left_out_of_a_message(app, alice, hook, receiver, send, clock):
    hook(url=receiver.discord, kind="discord")
    hidden = release(app, alice, "A secret")
    release(app, alice, "Two")
    with working(app):
        HIDING["held"](alice.user, find_song(hidden))
    clock.move(seconds=2)
    send()
    assert titles(receiver.received[0]) == ["Two"]
    assert [each.outcome for each in deliveries(app)] == ["dropped", "delivered"]


# What hides a song or its owner, and what shows it again.
WITHDRAWN = {
    "moved back": (
        lambda alice, song: songs.move_song(song, alice, status="wip"),
        lambda alice, song: songs.move_song(song, alice, status="released"),
    ),
    "hidden": (
        lambda alice, song: decide_about(song, alice, "hide"),
        lambda alice, song: decide_about(song, alice, "restore"),
    ),
    "members only": (
        lambda alice, _song: profile.change_privacy(alice, profile="members"),
        lambda alice, _song: profile.change_privacy(alice, profile="everyone"),
    ),
    "banned": (
        lambda alice, _song: administration.ban(alice, by=None, why="spam"),
        lambda alice, _song: administration.unban(alice, by=None, why="a mistake"),
    ),
    "deleted": (
        lambda alice, song: delete(song, alice),
        lambda alice, _song: restore_latest(alice),
    ),
}


@pytest.fixture
def releases(hook, receiver, send, clock):
    """`releases()`: what waits for a channel that is told of releases is sent."""

    def run():
        clock.move(seconds=31)
        send()
        return receiver.received

    hook(url=receiver.discord, kind="discord")
    receiver.answer(200, MADE)
    return run


@pytest.mark.parametrize("state", WITHDRAWN)
def test_what_is_hidden_later_leaves_its_message_and_comes_back(
    app, alice, receiver, releases, state
):
    hide, show = WITHDRAWN[state]
    add_person(app, "olga", is_admin=True)
    song_id = release(app, alice, "A secret")
    releases()
    with working(app):
        hide(alice.user, find_song(song_id, for_update=True))
    receiver.answer(500)
    assert [each.method for each in releases()] == ["POST", "PATCH"]
    hidden = releases()[-1]  # another attempt
    assert (hidden.method, hidden.path) == ("PATCH", MESSAGE)
    assert hidden.json["embeds"] == []
    assert hidden.json["content"] == "This is no longer public on TrackFlow."
    (told,) = deliveries(app)
    assert (told.outcome, told.error) == ("dropped", "not public")
    with working(app):
        show(alice.user, find_song(song_id, for_update=True))
    shown = releases()[-1]
    assert (shown.method, shown.path) == ("PATCH", MESSAGE)
    assert (titles(shown), shown.json["content"]) == (["A secret"], "")
    assert len(receiver.received) == 4


def delete(song, owner):
    step = SongsDeleted(songs=snapshots.take_songs([song]))
    songs.delete_song(song, owner)
    undo.keep(owner, step)


def restore_latest(owner):
    step = db.session.scalars(sa.select(UndoStep)).one()
    undo.undo(owner, step.token)


def decide_about(song, owner, action):
    admin = find_by_username("olga")
    report = Report(
        user_id=None,
        owner_id=owner.id,
        subject_type=Held.RELEASE,
        subject_id=song.id,
        reason="spam",
        text="",
        state="open",
        created_at=the_clock.now(),
    )
    db.session.add(report)
    db.session.flush()
    moderation.decide(report, admin, action=action, statement="Somebody else's chart.")


def test_what_is_hidden_leaves_only_its_own_part_of_a_message(app, alice, releases):
    hidden = release(app, alice, "A secret")
    release(app, alice, "Two")
    releases()
    move(app, alice, hidden, "wip")
    assert titles(releases()[-1]) == ["Two"]
    assert [each.outcome for each in deliveries(app)] == ["dropped", "delivered"]


def test_what_is_hidden_while_it_is_sent_leaves_its_message(app, alice, releases, monkeypatch):
    song_id = release(app, alice, "A secret")
    monkeypatch.setattr(
        failpoints, "point", lambda at: at == "webhook-sent" and move(app, alice, song_id, "wip")
    )
    assert titles(releases()[-1]) == ["A secret"]
    monkeypatch.undo()
    assert releases()[-1].json["embeds"] == []


def test_a_new_song_with_the_id_of_a_deleted_one_is_not_in_its_message(app, alice, releases):
    song_id = release(app, alice, "One")
    releases()
    with working(app):
        songs.delete_song(find_song(song_id, for_update=True), alice.user)
    releases()
    (told,) = deliveries(app)
    assert told.subject_id == -song_id


def test_deleting_many_songs_takes_no_statement_about_deliveries_for_each(app, alice, hook):
    def delete(count):
        ids = [release(app, alice, f"{count} {number}") for number in range(count)]
        with statements_of(app) as seen, working(app):
            for song_id in ids:
                songs.delete_song(find_song(song_id, for_update=True), alice.user)
        return len(seen.naming("UPDATE webhook_deliveries"))

    assert delete(1) == 0
    hook()
    assert delete(1) == delete(5) > 0


def test_discord_gets_an_embed_that_calls_nobody(app, alice, hook, receiver, send, clock):
    hook(url=receiver.discord, kind="discord")
    song_id = release(app, alice, "@everyone **One** [x](https://evil.example)")
    clock.move(seconds=2)
    send()
    (request,) = receiver.received
    assert "webhook-signature" not in request.headers
    body = request.json
    assert body["allowed_mentions"] == {"parse": []}
    (embed,) = body["embeds"]
    assert embed["url"] == f"https://trackflow.example/releases/{song_id}"
    assert "@everyone" not in embed["title"]
    assert r"\*\*One\*\* \[x\]" in embed["title"]
    assert "https://" not in embed["title"]
    assert embed["author"] == {"name": "alice", "url": "https://trackflow.example/users/alice"}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_channel_that_is_gone_turns_it_off_at_once(
    app, alice, hook, receiver, send, clock, status
):
    hook(url=receiver.discord, kind="discord")
    receiver.answer(status, b'{"message": "Unknown Webhook", "code": 10015}')
    release(app, alice)
    clock.move(seconds=2)
    send()
    assert webhook_in(app).reason == "gone"


@pytest.mark.parametrize(
    ("body", "seconds"),
    [(b'{"retry_after": 90.5, "global": false}', 91), (b"<html>error 1015</html>", 120)],
)
def test_discord_says_when_to_come_back(app, alice, hook, receiver, send, clock, body, seconds):
    hook(url=receiver.discord, kind="discord")
    receiver.answer(429, body, Retry_After="120")
    release(app, alice)
    clock.move(seconds=2)
    send()
    clock.move(seconds=seconds - 2)
    send()
    assert len(receiver.received) == 1
    clock.move(seconds=3)
    send()
    assert len(receiver.received) == 2
    assert deliveries(app)[0].outcome == "delivered"


def test_messages_stay_within_the_limits_of_discord():
    long = "*" * 5000 + "\N{GUITAR}" * 5000
    content = Content({}, long, "https://x.example", (long, long), (long, ""), "", {"Parts": long})
    (embed,) = discord.message([(content, the_clock.now())])["embeds"]

    many = discord.message([(content, the_clock.now())] * 10)["embeds"]

    def length(text):
        return len(text.encode("utf-16-le")) // 2

    assert length(embed["title"]) <= 256
    assert length(embed["description"]) <= 4096
    assert length(embed["fields"][0]["value"]) <= 1024
    assert length(embed["author"]["name"]) <= 256
    texts = (embed["title"], embed["description"], embed["fields"][0]["value"])
    assert sum(map(length, (*texts, embed["author"]["name"]))) <= 6000
    assert not any(text.rstrip("…").endswith("\\") and "\\*" not in text[-4:] for text in texts)
    json.dumps(embed).encode()
    texts = [text for each in many for text in (each["title"], each["description"])]
    texts += [text for each in many for text in (each["fields"][0]["value"], "Parts")]
    texts += [text for each in many for text in (each["author"]["name"], "TrackFlow")]
    assert sum(map(length, texts)) <= 6000


# --- the switch of tests -------------------------------------------------------------------------


def test_production_rejects_the_switch_of_tests(tmp_path):
    settings = {
        "TRACKFLOW_ENV": "production",
        "SECRET_KEY": "k" * 40,
        "WEBHOOK_TARGETS": "loopback",
        "INSTANCE_PATH": str(tmp_path),
    }
    with pytest.raises(ConfigError, match="WEBHOOK_TARGETS"):
        Config.from_environment(settings, tmp_path)


def test_the_sender_of_an_application_reaches_public_addresses_only(make_app):
    assert make_app().extensions["trackflow.jobs"].tools.sender.loopback is False
