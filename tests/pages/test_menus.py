"""Menus on what others made: mute it for a time, or report it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.public_pages import public_pages_of
from trackflow_web.domain.relations.models import Mute, MutedArtist
from trackflow_web.kernel.database import db


@pytest.fixture
def hers(app, alice):
    """Pages of what Alice has, by kind, with the id."""
    return public_pages_of(app, alice)


@pytest.mark.parametrize(
    "kind", ["release", "pack", "series", "achievement", "feature_request", "bug_report"]
)
def test_members_can_report_what_others_made_and_its_owner_and_visitors_are_not_asked(
    hers, as_bob, as_alice, stranger, kind
):
    page, id_ = hers[kind]
    link = as_bob.get(page).one(f"a[href='/report/{kind}/{id_}']")
    assert as_bob.get(link["href"]).one("form [name=reason]")
    sent = as_bob.post(link["href"], reason="spam")
    assert (sent.status, sent.location) == (303, page)
    for browser in (as_alice, stranger):
        assert not browser.get(page).all(".more-menu")


@pytest.mark.parametrize(
    ("kind", "muted"), [("release", "song"), ("release", "artist"), ("pack", "pack")]
)
def test_a_page_mutes_its_subject_for_a_time(app, clock, hers, as_bob, kind, muted):
    page, id_ = hers[kind]
    form = as_bob.get(page).one(f"form[action='/mutes/{muted}']")
    ends = {each.get_text(): each["value"] for each in form.select("option")}
    assert ends["Until I unmute"] == ""
    field = form.select_one("[name=artist], [name=id]")
    fields = {field["name"]: field["value"], "set": "1", "until": ends["For a week"]}
    as_bob.post(f"/mutes/{muted}", referer=page, **fields)
    table = MutedArtist if muted == "artist" else Mute
    with app.app_context():
        row = db.session.scalars(sa.select(table)).one()
        assert (row.until - clock()).days == 7
        assert muted == "artist" or row.target_id == id_
    again = as_bob.get(page).one(f"form[action='/mutes/{muted}']")
    assert again.select_one("[name=set]")["value"] == "0"
    assert "Muted until" in again.get_text()
    clock.move(days=8)
    assert as_bob.get(page).one(f"form[action='/mutes/{muted}'] select")


def test_a_user_can_be_muted_for_a_time(clock, hers, as_bob):
    form = as_bob.get("/users/alice").one("form[action='/users/alice/mute']")
    end = form.select("option")[1]["value"]
    assert as_bob.post("/users/alice/mute", set="1", until=end).status == 303
    assert "Muted until" in as_bob.get("/users/alice").one(".relation").get_text()
    clock.move(days=2)
    assert "Muted until" not in as_bob.get("/users/alice").one(".relation").get_text()


def test_comments_of_others_can_be_reported(hers, as_bob, as_alice):
    page, _ = hers["pack"]
    (link,) = (
        each for each in as_bob.get(page).all(".comment a") if each["href"].endswith("/report")
    )
    assert as_bob.post(link["href"], reason="harassment").status == 303
    assert not as_alice.get(page).all(".comment a[href$='/report']")
