"""The end of an account."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import at_once
from tests.support.people import PASSWORD, add_person, working
from trackflow_web.accounts import deletion
from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people import administration, passwords
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import transactions
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web import limits

ADDRESS = "/settings/privacy/delete"


def leave(browser, username="alice", password=PASSWORD):
    return browser.post(ADDRESS, username=username, password=password)


def numbers(app, person):
    with app.app_context():
        return numbers_of(person.id)


@pytest.mark.both_databases
def test_a_deleted_account_leaves_no_trace_of_its_name(app, as_alice, full_life, dump):
    named = {line.partition(":")[0] for line in dump().splitlines() if "alice" in line}
    talk = {"comments", "comment_edits"}
    assert named == {"users", "activities", "recheck_runs", "limit_counts", "mails", *talk}
    assert leave(as_alice).status == 303
    assert "alice" not in dump()


@pytest.mark.both_databases
def test_a_deleted_account_leaves_no_rows(app, alice, as_alice, full_life):
    leave(as_alice)
    with app.app_context():
        for table in db.metadata.sorted_tables:
            for column in table.columns:
                if any(key.column.table.name == "users" for key in column.foreign_keys):
                    left = sa.select(sa.func.count()).where(column == alice.id)
                    assert not db.session.scalar(left), column


def test_a_deleted_user_sees_a_message_and_is_signed_out(as_alice, alice):
    assert leave(as_alice).location == "/"
    assert "Your account and everything in it have been deleted" in as_alice.follow().text
    assert as_alice.get("/songs/").location.startswith("/login")
    assert as_alice.sign_in("alice", PASSWORD).status == 422


def test_other_sessions_and_tokens_of_a_deleted_account_end(app, as_alice, alice, full_life):
    elsewhere = Browser(app)
    elsewhere.enter(alice)
    leave(as_alice)
    assert elsewhere.get("/songs/").location.startswith("/login")
    answer = app.test_client().get(
        "/api/songs/", headers={"Authorization": f"Bearer {full_life.token}"}
    )
    assert answer.status_code == 401


@pytest.mark.both_databases
def test_counters_of_collaborators_of_a_deleted_account_change(app, as_alice, bob, full_life):
    before = numbers(app, bob)
    assert before["collaborations_joined"] == 2
    assert before["total_collaborations"] == 1
    leave(as_alice)
    after = numbers(app, bob)
    assert after["collaborations_joined"] == 0
    assert after["total_collaborations"] == 0
    assert after["total_songs"] == before["total_songs"]
    assert after["total_achievements"] == before["total_achievements"]  # earned stays earned


def test_votes_and_comments_of_a_deleted_account_are_deleted(as_alice, as_bob, full_life):
    assert as_bob.get(full_life.bobs_request).one(".vote__number").text == "1"
    leave(as_alice)
    page = as_bob.get(full_life.bobs_request)
    assert page.one(".vote__number").text == "0"
    assert "Me too, please." not in page.text


def test_deleting_an_account_deletes_its_requests_with_their_comments(as_alice, as_bob, full_life):
    leave(as_alice)
    assert as_bob.get(full_life.her_request).status == 404
    assert "Dark mode" not in as_bob.get("/features/").text


def test_a_song_stays_when_its_collaborator_is_deleted(as_alice, as_bob, full_life):
    leave(as_alice)
    assert "Creep" in as_bob.get("/songs/").text


@pytest.mark.fault("D4")
def test_her_name_is_free_after_ninety_days_and_inherits_nothing(
    app, alice, as_alice, full_life, clock
):
    elsewhere = Browser(app)
    elsewhere.enter(alice)
    leave(as_alice)
    clock.move(days=91)
    namesake = add_person(app, "alice")
    assert namesake.id != alice.id
    assert not any(numbers(app, namesake).values())
    assert elsewhere.get("/songs/").location.startswith("/login")
    browser = Browser(app)
    assert "Metallica" not in browser.sign_in("alice", PASSWORD).text


# --- access --------------------------------------------------------------------------------------


def test_the_confirmation_page_lists_what_is_deleted(as_alice):
    page = as_alice.get(ADDRESS)
    assert "your songs" in page.text
    assert {field["name"] for field in page.all("form.form input")} == {
        "csrf_token",
        "username",
        "password",
    }


def test_a_wrong_password_deletes_nothing(app, as_alice, alice):
    page = leave(as_alice, password="not this one")
    assert page.status == 422
    assert page.errors() == {"password": "That's not your password."}
    assert as_alice.get("/songs/").status == 200


def test_a_wrong_name_deletes_nothing(as_alice, bob):
    page = leave(as_alice, username="bob")
    assert page.status == 422
    assert "alice" in page.errors()["username"]
    assert as_alice.get("/songs/").status == 200


def test_the_typed_name_ignores_case_and_spaces(as_alice):
    assert leave(as_alice, username=" Alice ").status == 303


def test_account_deletion_shares_the_sign_in_limits(make_app, alice):
    browser = Browser(make_app(LIMIT_SIGN_IN="2/5 minutes"))
    browser.enter(alice)
    for _ in range(2):
        assert leave(browser, password="a guess").status == 422
    refused = leave(browser, password="a guess")
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert browser.get("/songs/").status == 200


def test_deleting_needs_a_session(stranger, alice):
    assert leave(stranger).location.startswith("/login")


@pytest.mark.both_databases
def test_the_last_administrator_cannot_leave(app, as_admin, admin):
    assert "last administrator" in as_admin.get(ADDRESS).alert()
    assert leave(as_admin, "olga").status == 422
    assert as_admin.get("/songs/").status == 200


def test_an_administrator_can_leave_if_another_one_exists(app, as_admin, admin, dump):
    add_person(app, "oleg", is_admin=True)
    as_admin.post("/achievements/check", user="")
    assert leave(as_admin, "olga").status == 303
    assert "olga" not in dump()
    assert "deleted user" in dump()


def test_a_banned_administrator_does_not_count_as_another_one(app, as_admin, admin):
    oleg = add_person(app, "oleg", is_admin=True)
    with working(app):
        administration.ban(oleg.user, by=None, why="spam")
    assert leave(as_admin, "olga").status == 422


@pytest.mark.both_databases
def test_two_administrators_leaving_at_once_leave_one(app, admin):
    oleg = add_person(app, "oleg", is_admin=True)

    def go(person):
        try:
            with working(app):
                deletion.delete_account(person.user)
        except Invalid:
            return "stays"
        return "gone"

    assert sorted(at_once([lambda: go(admin), lambda: go(oleg)])) == ["gone", "stays"]


@pytest.fixture
def together(monkeypatch):
    """Passwords are checked by two requests at once: both know the account when it is deleted."""
    barrier, matches = threading.Barrier(2), passwords.matches

    def wait_and_match(*arguments):
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(10)
        return matches(*arguments)

    monkeypatch.setattr(people.passwords, "matches", wait_and_match)


def entered(app, person):
    browser = Browser(app)
    browser.enter(person)
    return browser


@pytest.mark.both_databases
@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.fault("C1")
def test_deleting_an_account_twice_at_once_is_no_error(app, alice, together, htmx):
    browsers = [entered(app, alice) for _ in range(2)]
    fields = {"username": "alice", "password": PASSWORD, "htmx": htmx}
    calls = [lambda b=browser: b.post(ADDRESS, **fields) for browser in browsers]
    pages = at_once(calls)
    assert {page.status for page in pages} <= {200, 303, 401}
    places = {page.headers.get("HX-Redirect") or page.location for page in pages}
    assert "/" in places
    assert all(place == "/" or place.startswith("/login") for place in places)
    with app.app_context():
        assert db.session.get(User, alice.id) is None


@pytest.mark.both_databases
@pytest.mark.fault("C1")
def test_deleting_an_account_twice_at_once_over_the_api_is_no_error(app, alice, together):
    fields = {"username": "alice", "password": PASSWORD}
    browsers = [entered(app, alice) for _ in range(2)]
    calls = [
        lambda b=browser: b.api("POST", f"/api{ADDRESS}", fields).status for browser in browsers
    ]
    assert sorted(at_once(calls)) == [200, 401]


@pytest.mark.both_databases
def test_requests_during_account_deletion_redirect_to_sign_in(app, alice):
    """The account is deleted after the request has loaded it, for forms and API requests."""
    for number, ask in enumerate(
        (
            lambda b: b.post("/songs/", title="One", artist="Metallica"),
            lambda b: b.post("/settings/profile", email="new@example.org", timezone="UTC"),
            lambda b: b.post("/features/", title="One", description="Two"),
            lambda b: b.api("POST", "/api/songs/", {"title": "One", "artist": "Metallica"}),
        )
    ):
        person = add_person(app, f"zora{number}x")
        page = _ask_while_deleted(app, person, ask)
        assert (page.status, page.location[:6]) in {(303, "/login"), (401, "")}, number


def _ask_while_deleted(app, person, ask):
    browser, loaded = entered(app, person), threading.Event()
    receive = limits.limit_searches

    def delete_now():
        receive()
        if not loaded.is_set():
            loaded.set()
            transactions.rollback()
            thread = threading.Thread(target=_delete, args=(app, person))
            thread.start()
            thread.join(30)

    funcs = app.before_request_funcs[None]
    place = funcs.index(receive)
    funcs[place] = delete_now
    try:
        return ask(browser)
    finally:
        funcs[place] = receive


def _delete(app, person):
    with working(app):
        deletion.delete_account(person.user)


# --- what happens meanwhile ----------------------------------------------------------------------


@pytest.mark.both_databases
def test_events_recorded_in_the_same_unit_of_work_do_not_block_deletion(app, alice):
    with working(app):
        people.record_visit(alice.user)
        deletion.delete_account(alice.user)
    with app.app_context():
        assert db.session.get(User, alice.id) is None


@pytest.mark.both_databases
def test_adding_a_user_as_collaborator_during_deletion_is_rejected(app, alice, as_bob, request):
    """On SQLite they wait for each other; on PostgreSQL the referred row is deleted meanwhile."""
    made = as_bob.api("POST", "/api/songs/", {"title": "Creep", "artist": "Radiohead"})
    address = f"/songs/{made.json['id']}/collaborators"
    leaving = threading.Event()

    def go():
        with working(app):
            deletion.delete_account(alice.user)
            leaving.set()
            time.sleep(0.5)

    def add():
        leaving.wait(10)
        return as_bob.post(address, username="alice").status

    assert at_once([go, add])[1] in {422, 503}
    assert as_bob.post(address, username="alice").status == 422
