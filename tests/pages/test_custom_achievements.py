"""Custom achievements: administrators create, change, revert, retire, grant and undo."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter, at_once
from tests.support.people import PASSWORD, add_person, working
from trackflow_web.accounts import deletion
from trackflow_web.achievements.custom import actions, grants
from trackflow_web.achievements.custom_models import AwardGrant, CatalogueChange
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.achievements.standings.models import LeaderboardScore
from trackflow_web.domain.people import administration, profile
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

URL = "/admin/achievements/custom"
THANKS = {
    "code": "thank_you",
    "name": "Thank You",
    "description": "For helping the community",
    "icon": "\N{BOUQUET}",
    "rarity": "rare",
    "points": "10",
}
REGULAR = THANKS | {
    "code": "regular",
    "name": "Regular",
    "metric": "total_songs",
    "threshold": "3",
}
NOTE = "For the drum charts of the year"


@pytest.fixture
def alice(app, alice):
    return Charter(app, alice)


@pytest.fixture
def bob(app, bob):
    return Charter(app, bob)


@pytest.fixture
def thanks(as_admin):
    assert as_admin.post(URL, **THANKS).status == 303
    return f"{URL}/thank_you"


@pytest.fixture
def regular(as_admin):
    assert as_admin.post(URL, **REGULAR).status == 303
    return f"{URL}/regular"


def rows(app, table=Achievement, *which):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*which))


def scores(app, charter):
    with app.app_context():
        found = sa.select(LeaderboardScore.span, LeaderboardScore.score).where(
            LeaderboardScore.user_id == charter.id, LeaderboardScore.kind == "points"
        )
        return dict(db.session.execute(found).all())


# --- creating ------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_an_automatic_achievement_is_awarded_silently_with_its_true_date(
    app, clock, alice, bob, as_admin, as_alice
):
    alice.add("One")
    alice.add("Two")
    clock.move(days=1)
    third = clock()
    alice.add("Three")
    bob.add("One")
    before = scores(app, alice)
    as_alice.get("/songs/")  # what waits to be shown is shown
    clock.move(days=40)
    as_admin.post("/confirm", password=PASSWORD)
    as_admin.post(URL, **REGULAR)
    award = alice.awards["regular"]
    assert (award.earned_at, award.backfilled, award.notified) == (third, True, True)
    assert "regular" not in bob.codes
    assert scores(app, alice) == before | {"all": before["all"] + 10}
    assert not as_alice.get("/songs/").all("[data-toast]")
    messages = as_alice.api("GET", "/api/notifications/").json["items"]
    assert "You unlocked Regular." in [each["message"] for each in messages]


def test_a_preview_says_how_many_and_who_and_creates_nothing(app, alice, bob, as_admin):
    alice.add_many(3)
    bob.add("One")
    count = rows(app)
    page = as_admin.post(URL, **REGULAR, preview="1")
    assert page.status == 200
    assert page.one("[data-gainers]")["data-gainers"] == "2"  # alice and noise
    assert "alice" in page.one("#custom-effect").text
    assert page.one("[name=code]")["value"] == "regular"
    assert rows(app) == count
    as_admin.post(URL, **REGULAR, preview="0")
    assert "regular" in alice.codes


def test_an_unlock_by_an_action_is_announced_and_counts_in_no_open_week(
    app, alice, regular, as_alice
):
    alice.add_many(2)
    before = scores(app, alice)
    alice.add("Third")
    assert not alice.awards["regular"].backfilled
    assert scores(app, alice) == before | {"all": before["all"] + 10}
    assert as_alice.get("/songs/").one('[data-toast="regular"]')


BAD = {
    "code": [
        "",
        "ab",
        "me",
        "check",
        "levels",
        "categories",
        "custom",
        "Thank",
        "9lives",
        "a" * 41,
        "dreamer",
        "completionist",
        "dream_er",
        "<b>",
    ],
    "name": [
        "",
        "Dreamer",
        "dreamer",
        "DREAM\N{CYRILLIC CAPITAL LETTER IE}R",
        "Drearner",
        "First  Release",
        "first_release",
        "F\N{LATIN SMALL LETTER I WITH ACUTE}rst-Release",
        "\N{FULLWIDTH LATIN CAPITAL LETTER D}reamer",
        "x" * 81,
    ],
    "icon": ["<b>", "abc", "x" * 17],
    "rarity": ["mythic"],
    "points": ["-1", "51", "ten", "1.5"],
    "metric": ["total_points", "password", "user_id"],
    "threshold": ["0", "-1", "1000001", "", "many"],
}


def test_bad_fields_are_named_and_create_nothing(app, as_admin, subtests):
    count = rows(app)
    for field, values in BAD.items():
        for value in values:
            with subtests.test(field=field, value=value):
                page = as_admin.post(URL, **REGULAR | {field: value})
                assert page.status == 422
                assert page.one(f"[name={field}]")["aria-invalid"] == "true"
    assert rows(app) == count


def test_a_threshold_without_a_metric_is_refused(as_admin):
    assert as_admin.post(URL, **THANKS, threshold="3").status == 422


def test_a_code_is_never_used_again(as_admin, thanks):
    assert "taken" in as_admin.post(URL, **THANKS).text
    as_admin.post(f"{thanks}/retire")
    assert as_admin.post(URL, **THANKS).status == 422
    look_alike = THANKS | {"code": "another", "name": "thank y0u"}
    assert as_admin.post(URL, **look_alike).status == 422


@pytest.mark.both_databases
def test_two_administrators_create_the_same_code_once(app, admin):
    def create():
        with working(app):
            actions.create(admin.user, THANKS)

    def attempt():
        try:
            create()
        except Invalid as refusal:
            return refusal.errors
        return None

    found = at_once([attempt] * 4)
    assert rows(app, Achievement, Achievement.code == "thank_you") == 1
    assert rows(app, CatalogueChange) == 1
    assert found is None or sum(each is None for each in found) == 1


def test_pages_and_api_show_it_in_its_own_group(alice, as_alice, thanks):
    page = as_alice.get("/achievements/")
    assert "Custom" in [each.text.split("\n")[0].strip()[:6] for each in page.all(".group__name")]
    item = as_alice.api("GET", "/api/achievements/thank_you").json
    assert (item["kind"], item["group"], item["points"]) == ("custom", "Custom", 10)


def test_one_point_is_one_point(app, alice, as_admin, as_alice):
    as_admin.post(URL, **THANKS | {"points": "1"})
    as_admin.post(f"{URL}/thank_you/grant", usernames="alice", note=NOTE)
    toast = as_alice.get("/achievements/thank_you")
    assert "+1 point" in toast.one("#toasts").text
    pages = [toast, as_alice.get("/achievements/"), as_alice.get("/achievements/levels")]
    pages += [
        as_admin.get("/admin/users/alice"),
        as_alice.get("/users/alice/achievements/thank_you"),
    ]
    for page in pages:
        assert "1 points" not in page.html.replace("</b>", "")


# --- changing ------------------------------------------------------------------------------------


def edit(browser, url, **fields):
    kept = {name: value for name, value in REGULAR.items() if name not in {"code", "metric"}}
    return browser.post(url, **kept | fields)


@pytest.mark.both_databases
def test_a_lower_threshold_is_awarded_and_reverting_it_takes_nothing(app, alice, as_admin, regular):
    alice.add_many(2)
    page = edit(as_admin, regular, threshold="2", preview="1")
    assert page.one("[data-gainers]")["data-gainers"] == "1"
    assert "regular" not in alice.codes
    assert edit(as_admin, regular, threshold="2").status == 303
    assert "regular" in alice.codes
    change = as_admin.get(regular).one("[name=change]")["value"]
    assert as_admin.post(f"{regular}/revert", change=change).status == 303
    assert as_admin.get(regular).one("[name=threshold]")["value"] == "3"
    assert "regular" in alice.codes


def test_a_higher_threshold_says_who_stays_and_takes_nothing(alice, as_admin, regular):
    alice.add_many(3)
    page = edit(as_admin, regular, threshold="9", preview="1")
    assert "2 users" in page.one("#custom-effect").text
    edit(as_admin, regular, threshold="9")
    assert "regular" in alice.codes


def test_a_change_that_another_administrator_has_not_seen_is_not_overwritten(as_admin, regular):
    seen = as_admin.get(regular).one("[name=seen]")["value"]
    edit(as_admin, regular, threshold="5", seen=seen)
    page = edit(as_admin, regular, threshold="7", seen=seen)
    assert page.status == 422
    assert "meanwhile" in page.text
    assert as_admin.get(regular).one("[name=threshold]")["value"] == "5"


def test_a_change_is_reverted_once_and_not_after_another_one(app, as_admin, regular):
    edit(as_admin, regular, threshold="5")
    first = as_admin.get(regular).one("[name=change]")["value"]
    edit(as_admin, regular, threshold="7")
    assert as_admin.post(f"{regular}/revert", change=first).status == 422
    second = as_admin.get(regular).one("[name=change]")["value"]
    assert as_admin.post(f"{regular}/revert", change=second).status == 303
    assert as_admin.post(f"{regular}/revert", change=second).status == 422
    assert as_admin.post(f"{regular}/revert", change=first).status == 303
    assert as_admin.get(regular).one("[name=threshold]")["value"] == "3"
    assert as_admin.post(f"{regular}/revert").status == 422
    assert rows(app, CatalogueChange, CatalogueChange.reverted_at.is_not(None)) == 2


def test_a_retired_achievement_stays_with_its_holders_and_can_be_brought_back(
    alice, bob, as_admin, regular
):
    alice.add_many(3)
    as_admin.post(f"{regular}/retire")
    change = as_admin.get(regular).all("[data-change]")[0]
    assert "retired" in change.text
    assert "True" not in change.text
    bob.add_many(3)
    assert "regular" in alice.codes
    assert "regular" not in bob.codes
    as_admin.post(f"{regular}/revert")
    assert "regular" in bob.codes


def test_the_metric_cannot_be_changed(as_admin, regular):
    assert edit(as_admin, regular, metric="total_packs").status == 422


def test_a_built_in_achievement_has_no_such_page(as_admin):
    for path in ("", "/revert", "/retire", "/grant", "/grant/undo"):
        assert as_admin.post(f"{URL}/dreamer{path}", **THANKS).status == 404


def test_a_second_process_evaluates_what_an_administrator_has_changed(
    make_app, alice, as_admin, regular
):
    other = Charter(make_app(), alice.person)
    other.add("One")
    edit(as_admin, regular, threshold="2")
    other.add("Two")
    assert "regular" in alice.codes
    assert not alice.awards["regular"].backfilled


# --- granting ------------------------------------------------------------------------------------


def grant(browser, url, usernames, note=NOTE, **fields):
    return browser.post(f"{url}/grant", usernames=usernames, note=note, **fields)


@pytest.mark.both_databases
def test_a_grant_is_announced_with_its_note_and_counts_in_no_open_week(
    app, alice, as_admin, as_alice, thanks
):
    alice.add()
    before = scores(app, alice)
    as_alice.get("/songs/")
    assert grant(as_admin, thanks, " Alice \n@ALICE\n").status == 303
    assert scores(app, alice) == before | {"all": before["all"] + 10}
    assert alice.number("total_points") == 20
    item = as_alice.api("GET", "/api/notifications/").json["items"][0]
    assert item["message"] == "You unlocked Thank You."
    assert as_alice.get("/songs/").one('[data-toast="thank_you"]')
    assert NOTE in as_alice.get("/notifications/").text
    assert NOTE in as_alice.get("/achievements/thank_you").text


def test_only_the_recipient_reads_the_note(alice, bob, as_admin, as_bob, thanks):
    grant(as_admin, thanks, "alice")
    assert NOTE not in as_bob.get("/achievements/thank_you").text
    assert NOTE not in as_bob.get("/users/alice").text


def test_a_preview_marks_every_name_and_grants_nothing(app, alice, bob, as_admin, thanks):
    for name in ("hidden", "banned", "revoked"):
        add_person(app, name)
    with working(app):
        users = {each.username: each for each in db.session.scalars(sa.select(deletion.User))}
        profile.change_privacy(users["hidden"], profile="me")
        administration.ban(users["banned"], by=None, why="spam")
    grant(as_admin, thanks, "alice\nrevoked")
    as_admin.post("/admin/users/revoked/achievements/thank_you/revoke", reason="a mistake")
    names = "alice\nbob\nhidden\nbanned\nrevoked\nnobody_here"
    page = grant(as_admin, thanks, names, preview="1")
    found = {each["data-recipient"]: each["data-standing"] for each in page.all("[data-recipient]")}
    assert found == {
        "alice": "holder",
        "bob": "new",
        "hidden": "private",
        "banned": "banned",
        "revoked": "revoked",
        "nobody_here": "unknown",
    }
    assert "thank_you" not in bob.codes
    assert page.one("[name=note]")["value"] == NOTE


def test_unknown_names_and_short_notes_grant_nothing(app, alice, as_admin, thanks):
    assert "nobody_here" in grant(as_admin, thanks, "alice\nnobody_here").text
    assert grant(as_admin, thanks, "alice", note="short").status == 422
    assert grant(as_admin, thanks, "").status == 422
    assert grant(as_admin, thanks, "x\n" * 10_001).status == 422
    assert "thank_you" not in alice.codes
    assert rows(app, AwardGrant) == 0


def test_a_grant_sent_twice_grants_once(app, alice, as_admin, thanks):
    grant(as_admin, thanks, "alice")
    assert grant(as_admin, thanks, "alice").status == 303
    assert rows(app, AwardGrant) == 1
    assert alice.codes.count("thank_you") == 1


def test_an_automatic_or_retired_achievement_cannot_be_granted(alice, as_admin, regular, thanks):
    assert grant(as_admin, regular, "alice").status == 422
    as_admin.post(f"{thanks}/retire")
    assert grant(as_admin, thanks, "alice").status == 422


@pytest.mark.both_databases
def test_an_undone_grant_never_happened(app, alice, bob, as_admin, as_alice, thanks):
    alice.add()
    before, numbers = scores(app, alice), alice.numbers
    grant(as_admin, thanks, "alice\nbob")
    level = alice.numbers.get("level_best")
    as_admin.post(f"{thanks}/grant/undo")
    assert "thank_you" not in alice.codes
    assert scores(app, alice) == before
    assert alice.numbers | {"level_best": level} == numbers | {"level_best": level}
    assert not as_alice.get("/songs/").all('[data-toast="thank_you"]')
    items = as_alice.api("GET", "/api/notifications/").json["items"]
    assert "thank_you" not in [code for each in items for code in each["metadata"].get("codes", ())]
    grant(as_admin, thanks, "alice")
    assert "thank_you" in alice.codes


def test_a_grant_is_undone_once_and_within_a_day(clock, alice, bob, as_admin, thanks):
    assert as_admin.post(f"{thanks}/grant/undo").status == 422
    grant(as_admin, thanks, "alice")
    first = as_admin.get(thanks).one("[name=grant]")["value"]
    grant(as_admin, thanks, "bob")
    assert as_admin.post(f"{thanks}/grant/undo", grant=first).status == 303
    assert as_admin.post(f"{thanks}/grant/undo", grant=first).status == 422
    assert as_admin.post(f"{thanks}/grant/undo", grant="999999").status == 404
    assert "thank_you" in bob.codes
    clock.move(hours=24)
    with pytest.raises(Invalid, match="24 hours"), working(alice.app):
        grants.undo(_admin(alice.app), "thank_you")
    assert "thank_you" in bob.codes


def _admin(app):
    return db.session.scalar(sa.select(deletion.User).where(deletion.User.is_admin))


def test_undoing_a_grant_keeps_what_was_revoked_meanwhile(app, alice, as_admin, thanks):
    grant(as_admin, thanks, "alice")
    as_admin.post("/admin/users/alice/achievements/thank_you/revoke", reason="a mistake")
    assert as_admin.post(f"{thanks}/grant/undo").status == 303
    revoked = UserAchievement.revoked_at.is_not(None)
    assert rows(app, UserAchievement, UserAchievement.user_id == alice.id, revoked) == 1
    assert alice.number("total_points") == 0


def test_a_user_deleted_between_preview_and_confirmation_is_unknown(app, alice, as_admin, thanks):
    assert grant(as_admin, thanks, "alice", preview="1").status == 200
    with working(app):
        deletion.delete_account(alice.user)
    page = grant(as_admin, thanks, "alice")
    assert page.status == 422
    assert "No user with that name: alice" in page.text


@pytest.mark.both_databases
def test_two_administrators_grant_and_undo_at_once(app, alice, bob, admin, thanks):
    def give():
        with working(app):
            grants.grant(admin.user, "thank_you", usernames="alice\nbob", note=NOTE)

    at_once([give] * 4)
    assert rows(app, AwardGrant) == 1
    assert alice.codes.count("thank_you") == 1

    def take():
        try:
            with working(app):
                grants.undo(admin.user, "thank_you")
        except Invalid:
            return

    at_once([take] * 4)
    assert "thank_you" not in alice.codes
    assert alice.number("total_points") == 0


def test_a_granted_achievement_is_no_part_of_the_completionist(app, alice, as_admin, thanks):
    grant(as_admin, thanks, "alice")
    assert alice.number("total_achievements") == 0


# --- API -----------------------------------------------------------------------------------------


def test_the_api_creates_previews_changes_grants_and_undoes(alice, as_admin):
    alice.add_many(3)
    body = REGULAR | {"points": 0, "threshold": 3}
    preview = as_admin.api("POST", "/api/achievements/custom", body | {"preview": True})
    assert (preview.status, preview.json["users"]) == (200, 2)
    made = as_admin.api("POST", "/api/achievements/custom", body)
    assert (made.status, made.json["kind"]) == (201, "custom")
    url = "/api/achievements/custom/regular"
    effect = as_admin.api("POST", f"{url}/preview", {"threshold": 4}).json
    assert (effect["users"], effect["holders"], effect["below"]) == (0, 2, 1)
    assert as_admin.api("PATCH", url, {"threshold": 4}).json["threshold"] == 4
    assert as_admin.api("POST", f"{url}/revert").json["threshold"] == 3
    assert as_admin.api("POST", "/api/achievements/custom", THANKS | {"points": 0}).status == 201
    url = "/api/achievements/custom/thank_you"
    wanted = {"usernames": ["alice", "nobody_here"], "note": NOTE, "preview": 1}
    found = as_admin.api("POST", f"{url}/grant", wanted).json["recipients"]
    assert [each["standing"] for each in found] == ["new", "unknown"]
    refused = as_admin.api("POST", f"{url}/grant", {"usernames": ["alice"], "note": "short"})
    assert (refused.status, [*refused.json["errors"]]) == (422, ["note"])
    done = as_admin.api("POST", f"{url}/grant", {"usernames": ["alice"], "note": NOTE})
    assert (done.status, done.json["granted"]) == (201, ["alice"])
    assert as_admin.api("POST", f"{url}/grant/undo", {}).json == {"users": 1}
    assert as_admin.api("POST", f"{url}/retire").status == 200
    items = as_admin.api("GET", "/api/achievements/custom").json["items"]
    assert [item["code"] for item in items] == ["regular", "thank_you"]


def test_others_see_none_of_it(as_alice, thanks):
    assert as_alice.get(URL).status == 404
    assert as_alice.get(thanks).status == 404
    assert as_alice.post(f"{thanks}/grant", usernames="alice", note=NOTE).status == 404
    assert as_alice.api("POST", "/api/achievements/custom", THANKS).status == 404
