"""What notifications cost in statements, whatever their number."""

from __future__ import annotations

from tests.support.charter import statements_of
from trackflow_web.notifications import bell

PAGE = "/settings/profile"
BELL = "SELECT coalesce((SELECT n FROM notification_versions"


def statements(app, browser, path):
    with statements_of(app) as seen:
        assert browser.get(path).status == 200
    return list(seen)


def test_the_bell_of_a_page_takes_one_statement_and_none_while_it_is_the_same(
    app, as_alice, act, alice, bob
):
    as_alice.get(PAGE)
    bell.forget()
    first = statements(app, as_alice, PAGE)
    assert sum(text.startswith(BELL) for text in first) == 1
    again = statements(app, as_alice, PAGE)
    assert again == [text for text in first if not text.startswith(BELL)]
    act.follow(bob, alice)
    assert as_alice.get(PAGE).one("#bell")["data-new"] == "1"
    assert statements(app, as_alice, PAGE) == again


def test_a_page_of_notifications_takes_four_statements_for_any_number(app, as_alice, act, alice):
    """The session, the rows, their names; the bell while it has changed."""
    for number in range(3):
        song = act.song(alice, title=f"Song {number}", status="wip")
        act.move(song, alice)
    as_alice.get("/notifications/")
    as_alice.get("/notifications/")
    bell.forget()
    few = statements(app, as_alice, "/notifications/")
    assert len(few) <= 4
    for number in range(12):
        act.song(alice, title=f"More {number}", status="released")
    as_alice.get("/notifications/")
    as_alice.get("/notifications/")
    assert len(statements(app, as_alice, "/notifications/")) <= 4


def test_a_bell_is_not_taken_from_an_earlier_session(app, as_alice, alice):
    """An id may be given again after a deletion, with versions that begin anew."""
    with app.app_context():
        user, version = bell.session_of(alice.id, alice.user.session_stamp)
        bell._kept[user.id] = ("another stamp", bell.Bell(version, 77, 77))
    assert as_alice.get(PAGE).one("#bell")["data-unread"] != "77"
