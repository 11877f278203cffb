"""Menus on what others made: mute it for a time, or report it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.belongings import belongings_of
from tests.support.people import working
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.relations.models import Mute, MutedArtist
from trackflow_web.domain.series.actions import set_track
from trackflow_web.domain.series.queries import find_series
from trackflow_web.domain.songs.actions import move_song
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.database import db


@pytest.fixture
def hers(app, alice):
    """Pages of what Alice has released, by kind, with the type and id of what is reported."""
    values = belongings_of(app, alice)
    with working(app):
        song = find_song(values["song_id"], for_update=True)
        move_song(song, alice.user, status="released")
        set_track(
            find_series(values["series_id"]), 1, song_id=song.id, irrelevant=False, anyway=True
        )
        alice.user.audience = Audience.EVERYONE
    with app.app_context():
        award_id, code = db.session.execute(
            sa.select(UserAchievement.id, Achievement.code)
            .join(Achievement, Achievement.id == UserAchievement.achievement_id)
            .where(UserAchievement.user_id == alice.id)
            .order_by(UserAchievement.id)
        ).first()
    song_id, pack_id, album_id = values["song_id"], values["pack_id"], values["series_id"]
    return {
        "release": (f"/releases/{song_id}", song_id),
        "pack": (f"/packs/{pack_id}", pack_id),
        "series": (f"/series/{album_id}", album_id),
        "achievement": (f"/users/alice/achievements/{code}", award_id),
        "feature_request": (f"/features/{values['feature_id']}", values["feature_id"]),
        "bug_report": (f"/bugs/{values['bug_id']}", values["bug_id"]),
    }


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
