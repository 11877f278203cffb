"""What a moderator has hidden: who sees it, what its owner reads, and what becomes of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import working
from tests.support.public_pages import public_pages_of
from tests.support.talk import Talk
from trackflow_web.domain.comments import threads
from trackflow_web.domain.moderation import gone
from trackflow_web.domain.moderation.holding import hold
from trackflow_web.domain.moderation.models import ModerationAction, Report
from trackflow_web.domain.relations.models import Mute
from trackflow_web.domain.undo.models import UndoStep
from trackflow_web.domain.visibility.models import Hold
from trackflow_web.kernel.database import db

STATEMENT = "Please credit whoever charted the drums."
KINDS = ("profile", "release", "pack", "series", "achievement", "feature_request", "bug_report")


@pytest.fixture
def hers(app, alice):
    """Pages of what Alice has, by kind, with the id."""
    return public_pages_of(app, alice)


def report(browser, kind, id_, reason="spam"):
    address = "/users/alice/report" if kind == "profile" else f"/report/{kind}/{id_}"
    return browser.post(address, reason=reason)


def decide(app, as_admin, **fields):
    with app.app_context():
        newest = db.session.scalar(sa.select(sa.func.max(Report.id)))
    return as_admin.post(f"/admin/moderation/{newest}", **fields)


def count(app, table, *which):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*which))


@pytest.mark.parametrize("kind", KINDS)
def test_owners_see_what_is_hidden_with_the_reason_and_others_do_not(
    app, hers, as_alice, as_bob, as_admin, kind
):
    page, id_ = hers[kind]
    assert as_bob.get(page).status == 200
    assert report(as_bob, kind, id_).status == 303
    assert decide(app, as_admin, action="hide", statement=STATEMENT).status == 303
    assert as_bob.get(page).status == 404
    own = as_alice.get(page)
    assert own.status == 200
    reason = own.one(".notice a[href^='/moderation/decisions/']")
    decision = as_alice.get(reason["href"])
    assert STATEMENT in decision.text
    assert decision.one("form [name=text]")
    assert reason["href"] in as_alice.get("/moderation/decisions/").html
    assert decide(app, as_admin, action="restore").status == 303
    assert as_bob.get(page).status == 200
    assert not as_alice.get(page).all(".notice a[href^='/moderation/']")


def test_a_hidden_request_is_in_no_list_and_takes_no_comments(app, hers, as_alice, as_bob):
    _, id_ = hers["feature_request"]
    with working(app):
        hold("feature_request", id_, is_automatic=False)
    for address in ("/features/", "/api/features/", "/features/?q=see"):
        assert "For all to see" not in as_bob.get(address).text
        assert "For all to see" in as_alice.get(address).text
    assert as_bob.api("GET", f"/api/features/{id_}").status == 404
    assert as_bob.post(f"/features/{id_}/comments", body="Hello").status == 404
    assert as_bob.post(f"/comments/feature_request/{id_}", body="Hello").status == 404


def test_a_hidden_pack_is_not_on_the_profile(app, hers, as_alice, as_bob):
    page, id_ = hers["pack"]
    assert as_bob.get("/users/alice").all(f"a[href='{page}']")
    with working(app):
        hold("pack", id_, is_automatic=False)
    assert not as_bob.get("/users/alice").all(f"a[href='{page}']")
    assert as_alice.get("/users/alice").all(f"a[href='{page}']")


def test_the_owner_reads_that_reports_hide_it_for_now(app, hers, as_alice):
    page, id_ = hers["release"]
    with working(app):
        hold("release", id_, is_automatic=True)
    assert "Several people reported this." in as_alice.get(page).one(".notice").text


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", ["release", "pack", "series"])
def test_a_deleted_object_takes_its_hold_along_and_brings_it_back(
    app, hers, as_alice, as_bob, as_admin, kind
):
    _, id_ = hers[kind]
    muted = {"release": "song", "pack": "pack"}.get(kind)
    if muted:
        as_bob.post(f"/mutes/{muted}", id=str(id_))
    report(as_bob, kind, id_)
    with working(app):
        hold(kind, id_, is_automatic=False)
    folder = {"release": "songs", "pack": "packs", "series": "series"}[kind]
    as_alice.post(f"/{folder}/{id_}/delete")
    for table, column in ((Hold, Hold.subject_id), (Report, Report.subject_id)):
        assert count(app, table, column == id_) == 0
        assert count(app, table, column == -id_) == 1
    assert count(app, Mute, Mute.target_id == -id_) == bool(muted)
    as_alice.post(as_alice.follow().one("form.undo")["action"])
    for table, column in ((Hold, Hold.subject_id), (Report, Report.subject_id)):
        assert count(app, table, column == id_) == 1
    as_alice.post(f"/{folder}/{id_}/delete")
    with working(app):
        db.session.execute(sa.delete(UndoStep))
        gone.prune()
    assert count(app, Hold) == count(app, Mute) == 0
    # The report waits for a decision; there is nothing to be hidden.
    refused = decide(app, as_admin, action="hide", statement=STATEMENT)
    assert list(refused.errors()) == ["action"]
    assert "no longer there" in as_admin.get("/admin/moderation").text
    assert decide(app, as_admin, action="dismiss").status == 303


def test_a_new_object_with_the_id_of_a_deleted_one_can_be_reported(app, hers, as_alice, as_bob):
    """SQLite uses the largest id again."""
    talk = None
    for _ in range(2):
        with working(app):
            db.session.execute(sa.delete(UndoStep))
        as_alice.post("/packs/", name="Again")
        with app.app_context():
            pack_id = db.session.scalar(sa.text("SELECT max(id) FROM packs"))
        talk = talk or pack_id
        assert report(as_bob, "pack", pack_id).status == 303
        as_alice.post(f"/packs/{pack_id}/delete")
    assert talk == pack_id
    assert count(app, Report, Report.subject_type == "pack") == 1


@pytest.mark.parametrize("has_reply", [True, False])
def test_a_deleted_comment_takes_its_hold_along(app, alice, bob, as_bob, as_alice, has_reply):
    talk = Talk(app, alice)
    comment_id = talk.write(bob)
    if has_reply:
        talk.write(alice, "Yes.", parent=comment_id)
    assert as_alice.post(f"/comments/{comment_id}/report", reason="spam").status == 303
    with working(app):
        hold("comment", comment_id, is_automatic=False)
    assert as_bob.post(f"/comments/{comment_id}/delete").status == 303
    assert count(app, Hold) == 0
    assert count(app, Report, Report.subject_id == -comment_id) == 1


def test_comments_of_a_deleted_pack_take_their_holds_along(app, alice, bob, as_alice):
    talk = Talk(app, alice)
    comment_id = talk.write(bob)
    with working(app):
        hold("comment", comment_id, is_automatic=False)
    as_alice.post(f"/packs/{talk.subject.id}/delete")
    assert count(app, Hold) == 1
    with working(app):
        db.session.execute(sa.delete(UndoStep))
        gone.prune()
        threads.prune()
    assert count(app, Hold) == 0


def test_the_log_undoes_a_decision(app, hers, as_bob, as_alice, as_admin, admin):
    page, id_ = hers["release"]
    report(as_bob, "release", id_)
    decide(app, as_admin, action="hide", statement=STATEMENT)
    form = as_admin.get("/admin/moderation").one("form[action$='/undo']")
    assert as_alice.post(form["action"]).status == 404
    assert as_admin.post(form["action"]).status == 303
    assert as_bob.get(page).status == 200
    assert as_admin.post(form["action"]).status == 422
    assert not as_admin.get("/admin/moderation").all("form[action$='/undo']")
    shown = as_alice.get("/moderation/decisions/").text
    assert "A moderator shows something of yours again." in shown


def test_undoing_a_hold_by_reports_closes_them(app, hers, as_bob, as_admin, alice):
    _, id_ = hers["release"]
    report(as_bob, "release", id_)
    with working(app):
        hold("release", id_, is_automatic=True)
        now = db.session.scalar(sa.select(sa.func.max(Report.created_at)))
        db.session.add(
            ModerationAction(
                owner_id=alice.id, subject_type="release", subject_id=id_, action="auto_hold",
                reason="", statement="", created_at=now,
            )
        )  # fmt: skip
    form = as_admin.get("/admin/moderation").one("form[action$='/undo']")
    assert as_admin.post(form["action"]).status == 303
    still_open = (Report.state == "open", Report.subject_type == "release")
    assert count(app, Hold) == count(app, Report, *still_open) == 0


def test_undoing_a_suspension_ends_it(app, clock, hers, bob, as_alice, as_bob, as_admin):
    as_alice.post("/users/bob/report", reason="harassment")
    until = f"{clock():%Y-%m-%d}T23:59"
    decide(app, as_admin, action="suspend", statement=STATEMENT, until=until)
    form = as_admin.get("/admin/moderation").one("form[action$='/undo']")
    assert as_admin.post(form["action"]).status == 303
    with app.app_context():
        assert bob.user.suspended_until is None


def test_administrators_do_not_decide_about_what_is_theirs(app, admin, as_admin, as_bob, bob):
    as_bob.post("/users/olga/report", reason="spam")
    assert decide(app, as_admin, action="dismiss").status == 303  # there is no other one
    with working(app):
        bob.user.is_admin = True
    as_bob.post("/users/olga/report", reason="spam")
    refused = decide(app, as_admin, action="dismiss")
    assert refused.status == 422
    assert "another administrator" in refused.alert()
