"""Pages of what a user has, all of it public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from tests.support.belongings import belongings_of
from tests.support.people import working
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.series.actions import set_track
from trackflow_web.domain.series.queries import find_series
from trackflow_web.domain.songs.actions import move_song
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.people import Person


def public_pages_of(app: Flask, person: Person) -> dict[str, tuple[str, int]]:
    """Give a user one of each thing; return their addresses and ids, by kind."""
    values = belongings_of(app, person)
    with working(app):
        song = find_song(values["song_id"], for_update=True)
        move_song(song, person.user, status="released")
        series = find_series(values["series_id"])
        set_track(series, 1, song_id=song.id, irrelevant=False, anyway=True)
        person.user.audience = Audience.EVERYONE
    with app.app_context():
        award_id, code = db.session.execute(
            sa.select(UserAchievement.id, Achievement.code)
            .join(Achievement, Achievement.id == UserAchievement.achievement_id)
            .where(UserAchievement.user_id == person.id)
            .order_by(UserAchievement.id)
        ).first()
    profile = f"/users/{person.username}"
    return {
        "profile": (profile, person.id),
        "release": (f"/releases/{values['song_id']}", values["song_id"]),
        "pack": (f"/packs/{values['pack_id']}", values["pack_id"]),
        "series": (f"/series/{values['series_id']}", values["series_id"]),
        "achievement": (f"{profile}/achievements/{code}", award_id),
        "feature_request": (f"/features/{values['feature_id']}", values["feature_id"]),
        "bug_report": (f"/bugs/{values['bug_id']}", values["bug_id"]),
    }
