"""Every form and endpoint that creates something acts once when it is sent twice with its key."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from tests.security.test_access_table import API, body_of, lines_of
from tests.support import charts
from tests.support.belongings import belongings_of
from tests.support.routes import all_routes, html_routes
from trackflow_web.kernel import repeats
from trackflow_web.kernel.database import db
from trackflow_web.kernel.repeats import AnsweredRequest

# Forms that add rows, or that cannot be sent twice: they have a key.
CREATE = {
    "/songs/",
    "/songs/<song_id>/collaborators",
    "/packs/",
    "/packs/<pack_id>/songs",
    "/packs/<pack_id>/collaborators",
    "/series/",
    "/series/<series_id>/tracks",
    "/songs/<song_id>/templates",
    "/songs/<song_id>/delete",
    "/templates/<template_id>/delete",
    "/settings/tokens/<token_id>/delete",
    "/comments/<comment_id>/delete",
    "/packs/<pack_id>/delete",
    "/series/<series_id>/delete",
    "/imports/",
    "/imports/charts",
    "/imports/charts/<scan_id>/confirm",
    "/imports/<import_id>/start",
    "/imports/<import_id>/undo",
    "/bugs/",
    "/bugs/<item_id>/comments",
    "/features/",
    "/features/<item_id>/comments",
    "/comments/<subject>/<subject_id>",
    "/settings/tokens",
    "/settings/profile/confirm",
    "/settings/streaks/break",
    "/settings/webhooks",
    "/settings/webhooks/<webhook_id>/deliveries/<delivery_id>/send",
    "/settings/webhooks/<webhook_id>/rotate",
    "/settings/webhooks/<webhook_id>/delete",
    "/settings/webhooks/<webhook_id>/test",
    "/admin/achievements/custom",
    "/admin/achievements/custom/<code>",
    "/admin/achievements/custom/<code>/grant",
    "/admin/rechecks/",
    "/admin/seasons/",
    "/admin/seasons/<slug>/achievements",
    "/admin/users/<username>/<action>",
    "/admin/users/<username>/rename",
    "/admin/users/<username>/delete",
}
# Forms that set a value: sent twice, they change nothing the second time. Forms of visitors have no
# account to keep a key for. The response to a request for a reset link shows it, so that it is
# made each time.
SET = {
    "/settings/streaks/break/cancel",
    "/notifications/<notification_id>/delete",
    "/notifications/<notification_id>/mute",
    "/notifications/<notification_id>/read",
    "/notifications/<notification_id>/unread",
    "/notifications/read-all",
    "/notifications/seen",
    "/notifications/undo",
    "/notifications/unsubscribe/<token>",
    "/settings/notifications",
    "/comments/<subject>/<subject_id>/close",
    "/comments/<comment_id>/edit",
    "/comments/<comment_id>/release",
    "/comments/<comment_id>/report",
    "/report/<subject>/<subject_id>",
    "/users/<username>/report",
    "/moderation/decisions/<action_id>/appeal",
    "/community/feed/<feed_id>/hide",
    "/mutes/<kind>",
    "/reactions",
    "/songs/<song_id>/parts",
    "/songs/bulk",
    "/undo/<token>",
    "/login",
    "/register",
    "/logout",
    "/confirm",
    "/password/forgot",
    "/password/reset/<token>",
    "/moderation/suspension/<token>",
    "/email/confirm/<token>",
    "/achievements/check",
    "/admin/achievements/custom/<code>/grant/undo",
    "/admin/achievements/custom/<code>/retire",
    "/admin/achievements/custom/<code>/revert",
    "/admin/highlights",
    "/admin/levels",
    "/admin/moderation/<report_id>",
    "/admin/moderation/appeals/<action_id>",
    "/admin/moderation/log/<action_id>/undo",
    "/admin/seasons/<slug>",
    "/admin/seasons/<slug>/achievements/<code>/delete",
    "/admin/rechecks/<run_id>/cancel",
    "/admin/users/<username>/achievements/<code>/revoke",
    "/admin/users/<username>/achievements/<code>/restore",
    "/admin/users/<username>/reset-link",
    "/songs/<song_id>",
    "/songs/<song_id>/parts/<part>",
    "/songs/<song_id>/status",
    "/songs/<song_id>/cover",
    "/settings/people/feed-address",
    "/achievements/<code>/badge",
    "/achievements/<code>/badge/withdraw",
    "/badges/verify",
    "/packs/<pack_id>/cover",
    "/songs/<song_id>/collaborators/<user_id>/delete",
    "/packs/<pack_id>",
    "/packs/<pack_id>/release",
    "/packs/<pack_id>/songs/<song_id>/delete",
    "/packs/<pack_id>/collaborators/<user_id>/delete",
    "/invitations/<invitation_id>/accept",
    "/invitations/<invitation_id>/decline",
    "/users/<username>/follow",
    "/users/<username>/mute",
    "/users/<username>/block",
    "/users/<username>/remove-follower",
    "/series/<series_id>",
    "/series/<series_id>/link",
    "/series/<series_id>/plan",
    "/series/<series_id>/tracks/<position>",
    "/imports/spotify/disconnect",
    "/imports/<import_id>/cancel",
    "/imports/<import_id>/columns",
    "/bugs/<item_id>/status",
    "/bugs/<item_id>/withdraw",
    "/features/<item_id>/status",
    "/features/<item_id>/vote",
    "/features/<item_id>/withdraw",
    "/settings/achievements",
    "/settings/achievements/<code>/pin",
    "/settings/achievements/<code>/visibility",
    "/settings/password",
    "/settings/privacy",
    "/settings/privacy/achievements",
    "/settings/privacy/delete",
    "/settings/profile",
    "/settings/theme",
    "/theme",
    "/checklist/hide",
    "/settings/webhooks/<webhook_id>",
}


# Neither forms whose buttons send elsewhere, nor those that set a song of a pack optional.
CREATING_FORMS = "form[method=post]:not([hidden]):not(.moves)"


@pytest.fixture
def app(make_app):
    return make_app(
        SPOTIFY_CLIENT_ID="id",
        MAIL_URL="file:///tmp",
        SITE_URL="http://localhost",
        JOBS="worker",
        CREDENTIAL_KEY="a secret of more than thirty-two characters",
    )


def test_every_form_either_creates_or_sets(app, alice):
    routes = html_routes(app, belongings_of(app, alice))
    assert {route.pattern for route in routes if route.is_unsafe} == CREATE | SET
    assert not CREATE & SET


CUSTOM = {
    "code": "helper",
    "name": "Helper",
    "description": "Helped.",
    "icon": "\N{BOUQUET}",
    "rarity": "rare",
    "points": "10",
}


GRANTS, GRANT = "/api/achievements/custom/<code>/grant", "/api/achievements/custom/helper/grant"
# Their secret is not kept: a repeat has none.
WITH_SECRET = {"/api/settings/webhooks"}
# Of an achievement that Alice has, where badges are on.
BADGE = "/api/achievements/<code>/badge"
BODIES = {
    "/api/achievements/custom": CUSTOM,
    GRANTS: {"usernames": ["bob"], "note": "Answers every question."},
}


def sent_to(route, values):
    """What a request to an endpoint sends, made anew for each."""
    if route.pattern == "/api/imports/charts":
        return {"data": {"files": (io.BytesIO(charts.chart()), "notes.chart")}}
    return {"json": BODIES.get(route.pattern) or body_of(route, values)}


def upload(browser, **fields):
    file = (io.BytesIO(b"title,artist\nOne,Metallica\n"), "list.csv")
    return browser.post("/imports/", **{"file": file, "name": "A list", **fields})


@pytest.mark.fault("C4")
def test_every_form_that_creates_has_a_key(app, alice, bob, as_alice, as_admin):
    values = belongings_of(app, alice)
    # A form on a page is found by its URL, which may have another id than `values`.
    urls = app.url_map.bind("localhost")
    patterns = {route.endpoint: route.pattern for route in html_routes(app, values)}
    preview, done = upload(as_alice).location, upload(as_alice, start="1", name="Other").location
    app.extensions["trackflow.jobs"].run_due()
    paths = {route.path for route in html_routes(app, values) if route.method == "GET"}
    missing, found = set(), set()
    edited = f"/series/{values['series_id']}?edit=1"
    # Its deliveries can be sent again while it is on.
    as_alice.post(f"/settings/webhooks/{values['webhook_id']}", state="active")
    custom = as_admin.post("/admin/achievements/custom", **CUSTOM).location
    for browser in (as_alice, as_admin):
        for path in sorted(paths | {preview, done, edited, custom, "/admin/rechecks/?user=alice"}):
            page = browser.get(path)
            if page.response.mimetype != "text/html":
                continue
            for form in page.soup.select(CREATING_FORMS):
                endpoint, _values = urls.match(form["action"], method="POST")
                pattern = patterns[endpoint]
                if pattern in CREATE:
                    found.add(pattern)
                    if not form.select_one("input[name=idempotency_key][value]"):
                        missing.add((path, pattern))
    assert not missing
    assert found == CREATE


def test_a_file_sent_twice_creates_one_import(as_alice):
    first = upload(as_alice, idempotency_key="k").location
    assert upload(as_alice, idempotency_key="k").location == first
    file = (io.BytesIO(b"title,artist\nTwo,Metallica\n"), "list.csv")
    other = as_alice.post("/imports/", file=file, name="A list", idempotency_key="k").location
    assert other != first


@pytest.mark.parametrize("kind", ["song", "pack", "series", "webhook"])
def test_a_second_click_on_delete_is_answered_like_the_first(app, alice, as_alice, as_bob, kind):
    object_id = belongings_of(app, alice)[f"{kind}_id"]
    place = {"song": "/songs", "pack": "/packs", "series": "/series"}.get(
        kind, "/settings/webhooks"
    )
    form = as_alice.get(f"{place}/{object_id}").one(f"form[action='{place}/{object_id}/delete']")
    key = form.select_one("[name=idempotency_key]")["value"]
    clicks = [as_alice.post(form["action"], idempotency_key=key) for _ in range(2)]
    assert {(page.status, page.location.rstrip("/")) for page in clicks} == {(303, place)}
    assert as_alice.post(form["action"], idempotency_key="another").status == 404
    assert as_bob.post(form["action"], idempotency_key=key).status == 404


def test_a_second_click_on_delete_in_a_row_is_answered_like_the_first(app, alice, as_alice):
    song_id = belongings_of(app, alice)["song_id"]
    note_id = as_alice.get("/notifications/").all("[data-id]")[0]["data-id"]
    for place, row, action in [
        ("/songs/", f"#song-{song_id}", f"/songs/{song_id}/delete"),
        ("/notifications/", f"#note-{note_id}", f"/notifications/{note_id}/delete"),
    ]:
        page = as_alice.get(place)
        button = page.one(row).select_one(f"button[formaction='{action}']")
        form = page.one(f"form#{button['form']}")
        sent = {each["name"]: each["value"] for each in form.select("input")}
        clicks = [as_alice.post(action, **sent) for _ in range(2)]
        assert [page.status for page in clicks] == [303, 303]
        assert clicks[0].location == clicks[1].location
        assert as_alice.post(action, **sent | {"idempotency_key": "another"}).status == 404


def test_starting_an_import_twice_redirects_to_it(as_alice):
    preview = upload(as_alice).location
    for _ in range(2):
        page = as_alice.post(f"{preview}/start", idempotency_key="k")
        assert (page.status, page.location) == (303, preview)


def test_a_form_can_be_sent_again_after_confirming_the_password(app, as_admin, bob, clock):
    clock.move(minutes=11)
    address = "/admin/users/bob/promote"
    form = {"reason": "helps out", "idempotency_key": "k"}
    assert "/confirm" in as_admin.post(address, **form).location
    as_admin.post("/confirm", password=bob.password)
    assert as_admin.post(address, **form).location == "/admin/users/bob/account"


@pytest.mark.both_databases
@pytest.mark.fault("C4")
def test_every_endpoint_that_creates_acts_once_for_a_key(
    app, alice, bob, as_alice, as_bob, as_admin
):
    values = belongings_of(app, alice)
    document = as_alice.api("GET", "/api/openapi.json").json
    creating = {
        path.replace("{", "<").replace("}", ">")
        for path, methods in document["paths"].items()
        if "201" in methods.get("post", {}).get("responses", {})
    }
    routes = [r for r in all_routes(app, values) if r.method == "POST" and r.pattern in creating]
    routes.sort(key=lambda route: route.pattern == GRANTS)  # what it grants is made before
    assert {route.pattern for route in routes} == creating
    browsers = {"alice": as_alice, "bob": as_bob, "olga": as_admin}
    for route in routes:
        # Nobody reports what is their own, and only Olga adds achievements.
        answers = lines_of(API)[route.name]
        creators = [role for role in ("alice", "bob") if answers[role] == "201"]
        creator = "alice" if route.pattern == BADGE else next(iter(creators), "olga")
        browser = browsers[creator]
        headers = {"Idempotency-Key": "k", "X-CSRFToken": browser.token()}
        path = GRANT if route.pattern == GRANTS else route.path
        first = browser.request("POST", path, headers=headers, **sent_to(route, values))
        rows = count_rows(app)
        again = browser.request("POST", path, headers=headers, **sent_to(route, values))
        assert (first.status, again.status) == (201, 201), route
        if route.pattern in WITH_SECRET:
            assert first.json["secret"], route
            assert again.json == first.json | {"secret": None}, route
        else:
            assert again.html == first.html, route
        assert again.location == first.location, route
        assert count_rows(app) == rows, route


def count_rows(app):
    with app.app_context():
        return {
            name: db.session.scalar(sa.select(sa.func.count()).select_from(table))
            for name, table in db.metadata.tables.items()
        }


@pytest.mark.both_databases
def test_an_account_keeps_its_latest_responses(app, alice, as_alice, monkeypatch, clock):
    monkeypatch.setattr(repeats, "MOST_KEPT", 2)
    for number in range(4):
        clock.move(seconds=1)
        as_alice.post("/packs/", name=f"Pack {number}", idempotency_key=f"k{number}")
    with app.app_context():
        assert repeats.forget_old() == 2
        kept = db.session.scalars(sa.select(AnsweredRequest.location)).all()
    assert len(kept) == 2
