"""The recheck pages: a preview, then the result. For Olga, an administrator, only."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter
from tests.support.people import working
from trackflow_web.achievements import handler
from trackflow_web.achievements.models import RecheckRun, UserStats
from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db

PAGE = "/admin/rechecks/"
OLD_PAGE = "/admin/achievements"
OLD_FORM = "/achievements/check"
NOISE = 1


@pytest.fixture
def missed(app, alice, monkeypatch):
    """Alice has two uncounted songs: two awards and some counters are missing."""
    monkeypatch.setattr(handler, "_deltas_by_user", lambda _facts: {})
    charter = Charter(app, alice)
    charter.add("One")
    charter.add("Two", status="wip")
    monkeypatch.undo()
    return charter


@pytest.fixture
def drifted(app, bob):
    """Bob's counters differ from his songs."""
    charter = Charter(app, bob)
    charter.add()
    with working(app):
        db.session.execute(
            sa.update(UserStats).where(UserStats.user_id == bob.id).values(total_songs=77)
        )
    return charter


def figures(page):
    """Users, awards and drift on the page."""
    return tuple(int(number.get_text()) for number in page.all(".figures dd"))


def people_named(page):
    return {
        row.th.get_text(): [cell.get_text(strip=True) for cell in row.find_all("td")]
        for row in page.all("[aria-label='By user'] tbody tr")
    }


def runs(app):
    with app.app_context():
        return db.session.scalars(sa.select(RecheckRun).order_by(RecheckRun.id)).all()


# --- access --------------------------------------------------------------------------------------


def test_recheck_pages_return_404_to_other_users(app, as_charlie):
    assert as_charlie.get(PAGE).status == 404
    assert as_charlie.post(PAGE, user="").status == 404
    assert runs(app) == []


def test_anonymous_visitors_are_redirected_to_sign_in(app, stranger):
    assert stranger.get(PAGE).status == 303
    assert stranger.post(PAGE, user="").status == 303
    assert runs(app) == []


def test_recheck_pages_return_404_to_a_former_administrator(app, admin, as_admin):
    assert as_admin.get(PAGE).status == 200
    with working(app):
        db.session.execute(sa.update(User).where(User.id == admin.id).values(is_admin=False))
    assert as_admin.get(PAGE).status == 404
    assert as_admin.post(PAGE, user="").status == 404


def test_a_form_without_csrf_token_starts_no_recheck(app, as_admin, missed):
    as_admin.get(PAGE)
    assert as_admin.post(PAGE, user="", csrf_token=None).status == 403
    assert missed.codes == []
    as_admin.post(PAGE, user="")


def test_the_former_page_leads_to_the_recheck_page(as_admin):
    assert as_admin.get(OLD_PAGE).location == PAGE
    assert as_admin.get(OLD_PAGE, user="bob").location == f"{PAGE}?user=bob"


@pytest.mark.parametrize("address", [PAGE, OLD_FORM])
def test_both_forms_start_a_recheck_and_lead_to_its_page(app, as_admin, missed, address):
    assert as_admin.post(address, user="alice").location == f"{PAGE}{runs(app)[0].id}"
    assert len(missed.codes) == 2


def test_a_link_cannot_start_a_recheck(as_admin):
    assert as_admin.get(OLD_FORM).status == 404


# --- before and after ----------------------------------------------------------------------------


def test_opening_the_recheck_page_starts_no_recheck(app, as_admin, missed):
    page = as_admin.get(PAGE)
    assert page.one("input[name=user]")
    assert figures(page) == ()
    assert missed.codes == []
    as_admin.post(PAGE, user="")


@pytest.mark.both_databases
def test_a_recheck_does_what_its_preview_shows(app, clock, as_admin, missed, drifted):
    before = as_admin.get(PAGE, user="")
    assert figures(before) == (NOISE + 3, 2, 4)
    assert missed.codes == []
    assert as_admin.post(PAGE, user="").status == 303
    after = as_admin.follow()
    assert figures(after) == figures(before)
    assert "Done" in after.text
    assert sorted(missed.codes) == ["dreamer", "getting_started"]
    assert drifted.number("total_songs") == 1


def test_a_preview_lists_users_with_due_awards_and_drift(as_admin, missed, drifted):
    named = people_named(as_admin.get(PAGE, user=""))
    assert named == {"alice": ["Dreamer, Getting Started", "3"], "bob": ["none", "1"]}
    as_admin.post(PAGE, user="")
    assert people_named(as_admin.get(PAGE, user="")) == {}


def test_a_recheck_of_one_user_changes_no_other(as_admin, missed, drifted):
    assert figures(as_admin.get(PAGE, user="bob")) == (1, 0, 1)
    as_admin.post(PAGE, user="bob")
    assert figures(as_admin.follow()) == (1, 0, 1)
    assert (missed.codes, drifted.number("total_songs")) == ([], 1)
    as_admin.post(PAGE, user="alice")
    assert len(missed.codes) == 2


def test_a_second_recheck_changes_nothing(as_admin, missed):
    as_admin.post(PAGE, user="")
    as_admin.post(PAGE, user="")
    assert figures(as_admin.follow())[1:] == (0, 0)


def test_a_recheck_has_a_permanent_page(app, as_admin, missed):
    as_admin.post(PAGE, user="alice")
    result = as_admin.follow()
    assert figures(result) == (1, 2, 3)
    assert "Recheck of alice" in result.text
    assert figures(as_admin.get(f"{PAGE}{runs(app)[0].id}")) == (1, 2, 3)
    assert figures(as_admin.get(PAGE)) == ()
    assert as_admin.get(f"{PAGE}999").status == 404


def test_a_rechecked_user_sees_one_summary_toast(as_alice, as_admin, missed):
    as_admin.post(PAGE, user="alice")
    assert as_admin.follow().toasts() == []
    assert as_alice.get("/songs/").toasts() == ["summary"]


def test_every_recheck_is_listed_with_its_figures(app, clock, as_admin, missed):
    as_admin.post(PAGE, user="")
    clock.move(minutes=1)
    as_admin.post(PAGE, user="Alice")
    kept = [(r.admin_name, r.target, r.users, r.awards, r.drift) for r in runs(app)]
    assert kept == [("olga", "everyone", NOISE + 2, 2, 3), ("olga", "alice", 1, 0, 0)]
    rows = as_admin.follow().all("[aria-label='Earlier rechecks'] tbody tr")
    assert [row.find_all("td")[2].get_text() for row in rows] == ["alice", "everyone"]
    assert rows[0].time["datetime"] == "2026-03-02T12:01:00Z"


@pytest.mark.parametrize("name", ["nobody-here", "x", "a b", "a\x00b"])
def test_an_unknown_user_name_is_rejected_at_its_field(app, as_admin, name):
    page = as_admin.get(PAGE, user=name)
    assert page.status == 422
    assert "user" in page.errors()
    assert as_admin.post(PAGE, user=name).status == 422
    assert runs(app) == []


def test_htmx_is_redirected_to_the_page_of_the_recheck(app, as_admin, missed):
    page = as_admin.post(PAGE, htmx=True, user="")
    assert (page.status, page.headers["HX-Redirect"]) == (200, f"{PAGE}{runs(app)[0].id}")


# --- the password once more ----------------------------------------------------------------------


def test_a_recheck_needs_a_password_given_within_ten_minutes(app, admin, clock, as_admin, missed):
    clock.move(minutes=10, seconds=1)
    as_admin.post(PAGE, user="")
    assert as_admin.last.location.startswith("/confirm?next=")
    assert (runs(app), missed.codes) == ([], [])
    form = as_admin.follow()
    to = form.one("input[name=next]")["value"]
    assert as_admin.post("/confirm", password="not this one", next=to).status == 422
    assert as_admin.post("/confirm", password=admin.password, next=to).location == f"{PAGE}?user="
    as_admin.post(PAGE, user="")
    assert len(runs(app)) == 1
    assert len(missed.codes) == 2


def test_a_recheck_within_ten_minutes_needs_no_password(app, clock, as_admin):
    clock.move(minutes=10)
    assert as_admin.post(PAGE, user="").location.startswith(PAGE)
    assert len(runs(app)) == 1


def test_htmx_is_redirected_to_the_confirmation_page(app, clock, as_admin):
    clock.move(minutes=11)
    page = as_admin.post(PAGE, htmx=True, user="")
    assert page.headers["HX-Redirect"].startswith("/confirm?next=")
    assert runs(app) == []


def test_a_password_confirmed_in_the_future_does_not_count(app, clock, as_admin):
    clock.move(minutes=-5)
    assert as_admin.post(PAGE, user="").location.startswith("/confirm")
    assert runs(app) == []


def test_a_decision_needs_a_recent_password_and_keeps_what_was_typed(
    clock, admin, as_bob, as_admin
):
    address = as_bob.post("/features/", title="Dark mode", description="Please.").location
    clock.move(minutes=11)
    as_admin.post(f"{address}/status", status="planned", reason="Soon.")
    assert as_admin.last.location.startswith("/confirm?next=")
    to = as_admin.follow().one("input[name=next]")["value"]
    as_admin.post("/confirm", password=admin.password, next=to)
    form = as_admin.follow()
    assert form.one("#status option[selected]")["value"] == "planned"
    assert form.one("#reason").text.strip() == "Soon."
    assert "Open" in as_bob.get(address).one(".ask-head .state").text
    assert as_admin.post(f"{address}/status", status="planned", reason="Soon.").status == 303
    assert "Planned" in as_bob.get(address).one(".ask-head .state").text
