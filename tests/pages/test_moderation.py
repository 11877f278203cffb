"""Reports, holds, decisions, statements, suspensions and appeals."""

from __future__ import annotations

from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import at_once
from tests.support.people import PASSWORD, add_person, working
from tests.support.songs import add_song
from trackflow_web.domain.moderation.models import ModerationAction, Report
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.visibility.models import Hold
from trackflow_web.kernel.database import db
from trackflow_web.kernel.signing import serializer

STATEMENT = "Please credit whoever charted the drums."
MISSING = "no-such-name"


@pytest.fixture
def reporters(app, clock):
    """Four members who are no newcomers."""
    found = [add_person(app, name) for name in ("rita", "rosa", "ruth", "remy")]
    clock.move(days=30)
    return found


def browser_of(app, person):
    browser = Browser(app)
    browser.enter(person)
    return browser


def report(browser, username="bob", **fields):
    return browser.post(f"/users/{username}/report", **({"reason": "spam"} | fields))


def rows(app, table):
    with app.app_context():
        return db.session.scalars(
            sa.select(table).order_by("id" if table is not Hold else "subject_id")
        ).all()


def decide(as_admin, app, **fields):
    report_id = rows(app, Report)[0].id
    return as_admin.post(f"/admin/moderation/{report_id}", **fields)


def messages(browser):
    items = browser.api("GET", "/api/notifications/").json["items"]
    return [item["message"] for item in items if item["type"] == "moderation_decision"]


@pytest.fixture
def case(app, clock, bob, as_alice, as_admin):
    """Bob's profile, reported by Alice, with the administrator's browser."""
    report(as_alice, text="He posts the same everywhere.")
    return as_admin


def test_a_report_is_sent_once(app, as_alice, bob):
    page = as_alice.get("/users/bob/report")
    assert page.one("form [name=reason]")
    for _ in range(2):
        sent = report(as_alice, text="Look.")
        assert (sent.status, sent.location) == (303, "/users/bob")
    (row,) = rows(app, Report)
    assert (row.reason, row.text, row.state) == ("spam", "Look.", "open")
    first, again = (
        as_alice.api("POST", "/api/users/bob/report", {"reason": "spam"}) for _ in range(2)
    )
    assert first.status == 201
    assert first.json == again.json == {"id": row.id}


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"reason": "envy"}, "reason"), ({"reason": "other"}, "text"), ({"text": "x" * 501}, "text")],
)
def test_invalid_reports_name_the_field(as_alice, bob, fields, field):
    refused = report(as_alice, **fields)
    assert refused.status == 422
    assert list(refused.errors()) == [field]


def test_nobody_reports_themselves_or_what_is_not_there(as_bob, as_alice):
    assert report(as_bob).status == 422
    assert report(as_alice, MISSING).status == 404
    assert as_alice.post("/report/release/1", reason="spam").status == 404
    assert as_alice.post("/report/nonsense/1", reason="spam").status == 404


def test_reports_have_a_limit(make_app, alice):
    app = make_app(LIMIT_REPORTS="1/1 day")
    for name in ("bert", "cleo"):
        add_person(app, name)
    browser = browser_of(app, alice)
    assert report(browser, "bert").status == 303
    refused = report(browser, "cleo")
    assert refused.status == 429
    assert refused.headers["Retry-After"]


def test_a_user_can_be_reported_before_and_after_blocking(app, as_alice, bob):
    as_alice.post("/users/bob/block")
    assert as_alice.get("/users/bob").one("a[href$='/report']")
    assert report(as_alice).status == 303
    assert len(rows(app, Report)) == 1


@pytest.mark.both_databases
def test_three_independent_reports_hide_a_profile_until_a_moderator_decides(
    app, reporters, bob, as_bob, admin
):
    browsers = [browser_of(app, person) for person in reporters]
    for browser in browsers[:2]:
        report(browser)
    assert browsers[3].get("/users/bob").status == 200
    report(browsers[2])
    assert browsers[3].get("/users/bob").status == 404
    assert as_bob.get("/users/bob").status == 200
    (entry,) = rows(app, ModerationAction)
    assert (entry.action, entry.admin_id) == ("auto_hold", None)
    as_admin = browser_of(app, admin)
    (told,) = as_admin.api("GET", "/api/notifications/").json["items"]
    assert told["message"] == "Reports have hidden something. Decide whether it stays hidden."
    assert (told["reason"], told["actors"]) == ("moderator", [])
    assert told["link"].endswith("/admin/moderation")
    assert messages(as_bob) == messages(browsers[0]) == []
    assert decide(as_admin, app, action="dismiss").status == 303
    assert browsers[3].get("/users/bob").status == 200
    assert messages(browsers[0]) == ["We didn't act on your report."]


@pytest.mark.both_databases
def test_three_reports_at_once_hide_a_profile_once(app, reporters, bob):
    browsers = [browser_of(app, person) for person in reporters[:3]]
    at_once([partial(report, browser) for browser in browsers])
    assert len(rows(app, Report)) == 3
    (held,) = rows(app, Hold)
    assert (held.subject_type, held.subject_id) == ("profile", bob.id)
    assert [entry.action for entry in rows(app, ModerationAction)] == ["auto_hold"]


def test_newcomers_and_frequent_mistakes_do_not_hide_anything(app, reporters, bob, clock, as_admin):
    fresh = [add_person(app, name) for name in ("nina", "nora", "nick")]
    for person in fresh:
        report(browser_of(app, person))
    assert not rows(app, Hold)
    with working(app):  # two of Rita's earlier reports were dismissed
        for subject_id in (1, 2):
            db.session.add(
                Report(
                    user_id=reporters[0].id,
                    owner_id=bob.id,
                    subject_type="release",
                    subject_id=subject_id,
                    reason="spam",
                    text="",
                    state="dismissed",
                    created_at=clock(),
                )
            )
    for person in reporters[:3]:
        report(browser_of(app, person))
    assert not rows(app, Hold)
    report(browser_of(app, reporters[3]))
    assert rows(app, Hold)


def test_administrators_are_not_hidden_by_reports(app, reporters, admin):
    for person in reporters:
        report(browser_of(app, person), "olga")
    assert not rows(app, Hold)


def test_the_queue_shows_the_evidence_and_who_reported(case):
    page = case.get("/admin/moderation")
    article = page.one("[data-report]")
    for said in ("bob", "Spam", "He posts the same everywhere.", "alice (0 of 0 reports upheld)"):
        assert said in article.get_text(" ", strip=True).replace("\n", " ")


def test_hiding_and_restoring_are_told_to_owner_and_reporter(app, case, as_alice, as_bob):
    hidden = decide(case, app, action="hide", statement=STATEMENT)
    assert (hidden.status, hidden.location) == (303, "/admin/moderation")
    assert as_alice.get("/users/bob").status == 404
    assert messages(as_bob) == ["A moderator hid something of yours."]
    assert messages(as_alice) == ["We acted on your report."]
    (entry,) = rows(app, ModerationAction)
    for browser in (as_alice, as_bob):
        assert STATEMENT in browser.get(f"/moderation/decisions/{entry.id}").text
    assert decide(case, app, action="restore").status == 303
    assert as_alice.get("/users/bob").status == 200
    assert rows(app, ModerationAction)[0].undone_at is not None


def test_a_release_can_be_reported_and_hidden(app, as_alice, as_admin, bob, as_charlie):
    song_id = add_song(app, bob)
    with working(app):
        songs.move_song(find_song(song_id, for_update=True), bob.user, status="released")
    assert as_alice.post(f"/report/release/{song_id}", reason="wrong_credit").status == 303
    decide(as_admin, app, action="hide", statement=STATEMENT)
    assert as_charlie.post(f"/report/release/{song_id}", reason="spam").status == 404


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"action": "explode"}, "action"),
        ({"action": "hide", "statement": "Bad."}, "statement"),
        ({"action": "suspend", "statement": STATEMENT}, "until"),
        ({"action": "suspend", "statement": STATEMENT, "until": "2001-01-01"}, "until"),
        ({"action": "suspend", "statement": STATEMENT, "until": "2999-01-01"}, "until"),
    ],
)
def test_an_invalid_decision_changes_nothing(app, case, fields, field):
    refused = decide(case, app, **fields)
    assert refused.status == 422
    assert list(refused.errors()) == [field]
    assert not rows(app, ModerationAction)


def test_a_suspended_user_cannot_sign_in_until_it_ends(
    app, case, bob, as_bob, as_alice, as_admin, clock
):
    with working(app):
        token = people.create_token(bob.user, name="Mine", scope="read", days=365)
    until = f"{clock():%Y-%m-%d}T23:59"
    decide(case, app, action="suspend", statement=STATEMENT, until=until)
    assert as_bob.get("/songs/").location.startswith("/login")
    for place in ("/admin/users/?q=bob", "/admin/users/bob/account"):
        assert f"Suspended until {clock():%-d %B %Y}" in as_admin.get(place).text
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/songs/", headers=headers).status_code == 401
    assert as_alice.get("/users/bob").status == 404
    fresh = Browser(app)
    refused = fresh.sign_in("bob", PASSWORD)
    assert refused.status == 422
    assert STATEMENT in refused.alert()
    assert f"until {clock():%-d %B %Y}: " in refused.alert()
    assert "suspended" not in Browser(app).sign_in("bob", "not the password").text
    clock.move(days=1)
    assert fresh.sign_in("bob", PASSWORD).status == 200
    assert app.test_client().get("/api/songs/", headers=headers).status_code == 200
    assert as_alice.get("/users/bob").status == 200


def test_administrators_cannot_be_suspended(app, as_alice, as_admin, admin):
    report(as_alice, "olga")
    refused = decide(as_admin, app, action="suspend", statement=STATEMENT, until="2026-12-31")
    assert refused.status == 422


def test_one_appeal_undoes_a_decision(app, case, as_bob, as_alice, as_charlie):
    decide(case, app, action="hide", statement=STATEMENT)
    entry = rows(app, ModerationAction)[0]
    address = f"/moderation/decisions/{entry.id}"
    assert as_charlie.get(address).status == as_charlie.post(f"{address}/appeal").status == 404
    assert as_alice.post(f"{address}/appeal", text="I appeal.").status == 404
    assert as_bob.post(f"{address}/appeal", text="It was mine.").status == 303
    assert as_bob.post(f"{address}/appeal", text="Again.").status == 422
    assert "It was mine." in case.get("/admin/moderation").one("[data-appeal]").text
    answered = case.post(
        f"/admin/moderation/appeals/{entry.id}", accept="1", statement="You are right."
    )
    assert answered.status == 303
    assert as_alice.get("/users/bob").status == 200
    assert messages(as_bob)[0] == "Your appeal was accepted."
    assert not case.get("/admin/moderation").all("[data-appeal]")


@pytest.mark.both_databases
def test_a_suspended_user_appeals_once_by_a_link_shown_at_sign_in(app, case, bob, clock):
    decide(case, app, action="suspend", statement=STATEMENT, until=f"{clock():%Y-%m-%d}T23:59")
    fresh = Browser(app)
    link = fresh.sign_in("bob", PASSWORD).one("a[href^='/moderation/suspension/']")["href"]
    assert "/moderation/" not in Browser(app).sign_in("bob", "not the password").html
    page = fresh.get(link)
    assert STATEMENT in page.text
    assert fresh.post(link, text="").status == 422
    assert fresh.post(link, text="It was somebody else.").status == 303
    assert fresh.post(link, text="Again.").status == 422
    assert not fresh.get(link).all("[name=text]")
    assert fresh.get("/songs/").location.startswith("/login")
    again = fresh.sign_in("bob", PASSWORD)
    assert "Your appeal is with the moderators." in again.text
    seen = fresh.get(again.one("a[href^='/moderation/suspension/']")["href"])
    assert "It was somebody else." in seen.text
    assert not seen.all("[name=text]")
    assert "It was somebody else." in case.get("/admin/moderation").one("[data-appeal]").text
    entry = rows(app, ModerationAction)[0]
    case.post(f"/admin/moderation/appeals/{entry.id}", accept="1", statement="You are right.")
    assert fresh.sign_in("bob", PASSWORD).status == 200


@pytest.mark.both_databases
def test_a_suspended_user_reads_the_answer_to_an_appeal(app, case, bob, clock):
    decide(case, app, action="suspend", statement=STATEMENT, until=f"{clock():%Y-%m-%d}T23:59")
    fresh = Browser(app)
    link = fresh.sign_in("bob", PASSWORD).one("a[href^='/moderation/suspension/']")["href"]
    fresh.post(link, text="It was somebody else.")
    entry = rows(app, ModerationAction)[0]
    clock.move(minutes=5)
    case.post(f"/admin/moderation/appeals/{entry.id}", accept="0", statement="It was you. Sorry.")
    refused = fresh.sign_in("bob", PASSWORD)
    assert refused.status == 422
    assert "It was you. Sorry." not in refused.text
    page = fresh.get(refused.one("a[href^='/moderation/suspension/']")["href"]).text
    assert "It was somebody else." in page
    assert "Your appeal was turned down." in page
    assert "It was you. Sorry." in page


def test_a_link_to_appeal_ends_after_an_hour_and_is_for_one_decision(app, case, bob, clock):
    decide(case, app, action="suspend", statement=STATEMENT, until=f"{clock():%Y-%m-%d}T23:59")
    fresh = Browser(app)
    link = fresh.sign_in("bob", PASSWORD).one("a[href^='/moderation/suspension/']")["href"]
    entry = rows(app, ModerationAction)[0]
    with app.app_context():
        keys = [app.config["SECRET_KEY"]]
        for pair, purpose in (
            ([bob.id + 1, entry.id], "appeal"),
            ([bob.id, entry.id + 1], "appeal"),
            ([bob.id, "x"], "appeal"),
            ([bob.id, entry.id], "password reset"),
        ):
            forged = serializer(keys[0], purpose).dumps(pair)
            assert fresh.get(f"/moderation/suspension/{forged}").status == 404, pair
    assert fresh.get(link).status == 200
    clock.move(minutes=61)
    assert fresh.get(link).status == fresh.post(link, text="Late.").status == 404


def test_the_notification_of_a_decision_cannot_be_switched_off(as_alice):
    refused = as_alice.post("/settings/notifications", **{"site:moderation_decision": "0"})
    assert refused.status == 422
    page = as_alice.get("/settings/notifications")
    assert page.one("[name='site:moderation_decision']").has_attr("disabled")


def test_the_api_decides_too(app, case, bob):
    report_id = rows(app, Report)[0].id
    made = case.api(
        "POST", f"/api/admin/moderation/{report_id}", {"action": "warn", "statement": STATEMENT}
    )
    assert (made.status, made.json["action"]) == (200, "warn")


DIGEST = "a" * 64


@pytest.fixture
def covered(app, bob):
    """Bob's release with an uploaded cover."""
    song_id = add_song(app, bob, "One", "Metallica", status="released")
    with working(app):
        find_song(song_id, for_update=True).cover = DIGEST
    return song_id


def test_a_wrong_cover_is_removed_and_its_owner_hears_of_it(
    app, as_alice, as_bob, as_admin, covered
):
    page = as_alice.get(f"/releases/{covered}")
    assert page.one("a[href$='reason=wrong_cover']").get_text() == "Wrong cover?"
    form = as_alice.get(f"/report/release/{covered}?reason=wrong_cover")
    assert form.one("option[selected]")["value"] == "wrong_cover"
    as_alice.post(f"/report/release/{covered}", reason="wrong_cover", text="Another album.")
    assert decide(as_admin, app, action="cover", statement=STATEMENT).status == 303
    with working(app):
        assert find_song(covered).cover is None
    assert len(messages(as_bob)) == 1
    assert as_alice.get(f"/releases/{covered}").status == 200
    assert "Wrong cover?" not in as_alice.get(f"/releases/{covered}").text


def test_reports_of_a_wrong_cover_hide_nothing(app, bob, covered, reporters):
    for person in reporters:
        browser_of(app, person).post(f"/report/release/{covered}", reason="wrong_cover")
    assert len(rows(app, Report)) == len(reporters)
    assert rows(app, Hold) == []


def test_only_an_uploaded_cover_can_be_reported_as_wrong(app, as_alice, as_admin, bob, covered):
    with working(app):
        find_song(covered, for_update=True).cover = None
    form = as_alice.get(f"/report/release/{covered}?reason=wrong_cover")
    assert "Wrong cover" not in form.text
    answer = as_alice.post(f"/report/release/{covered}", reason="wrong_cover")
    assert (answer.status, list(answer.errors())) == (422, ["reason"])
    as_alice.post(f"/report/release/{covered}", reason="spam")
    assert decide(as_admin, app, action="cover", statement=STATEMENT).status == 422


def test_what_was_decided_meanwhile_is_not_decided_twice(app, case, alice):
    answers = [decide(case, app, action="warn", statement=STATEMENT) for _ in range(2)]
    assert [answer.status for answer in answers] == [303, 422]
    assert "decided meanwhile" in answers[1].alert()
    assert len(rows(app, ModerationAction)) == 1


def test_a_decision_keeps_what_was_typed_until_the_password_is_confirmed(app, case, admin, clock):
    clock.move(minutes=11)
    sent = decide(case, app, action="warn", statement=STATEMENT)
    to = parse_qs(urlsplit(sent.location).query)["next"][0]
    case.post("/confirm", password=admin.password, next=to)
    page = case.get(to)
    assert page.one("[data-report] option[selected]")["value"] == "warn"
    assert page.one("[data-report] textarea").get_text().strip() == STATEMENT
    assert not rows(app, ModerationAction)
