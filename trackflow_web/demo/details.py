"""Notes, due dates and links of demo songs, and the part templates of the demo login."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from trackflow_web.demo import users
from trackflow_web.domain.authoring import templates
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.people.rules import local_day
from trackflow_web.domain.songs import actions, rules
from trackflow_web.domain.songs.rules import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song

TEMPLATES = {
    "Power trio": {Part.KEYS, Part.PRO_KEYS, Part.HARMONIES},
    "Acoustic": {Part.DRUMS, Part.DRUM_FILLS, Part.KEYS, Part.PRO_KEYS},
}
# Fields of a user's first songs in each status; `due` is in days from now.
DETAILS: dict[Status, tuple[dict[str, object], ...]] = {
    Status.FUTURE: (
        {"notes": "Live version or studio? The live one has the better ending."},
        {"due": 45, "notes": "For the anniversary. Ask around for stems first."},
        {"notes": "Needs a tempo map by hand: no click track."},
    ),
    Status.WIP: (
        {"due": 9, "notes": "Second guitar solo: check the bends at 3:12.\nBass is in drop D."},
        {"due": 21, "video_url": "https://video.example/preview-in-progress"},
        {"notes": "Waiting for the vocals."},
    ),
    Status.RELEASED: (
        {
            "video_url": "https://video.example/full-band-preview",
            "download_url": "https://charts.example/download/1",
            "notes": "v1.1 fixes the overdrive in the last chorus.",
        },
        {"download_url": "https://charts.example/download/2"},
        {
            "video_url": "https://video.example/expert-drums",
            "download_url": "https://charts.example/download/3",
        },
    ),
}


def add(songs: Sequence[Song], demo_users: Mapping[str, User], now: datetime) -> None:
    """Give the first songs of every demo user details, and the demo login its templates."""
    found: dict[tuple[int, str], list[Song]] = defaultdict(list)
    for song in songs:
        found[song.user_id, song.status].append(song)
    for user in demo_users.values():
        for status, details in DETAILS.items():
            for song, fields in zip(found[user.id, status], details, strict=False):
                # Written down when the song was last worked on.
                written_at = song.updated_at
                actions.set_details(song, user, _details(fields, user, now))
                song.updated_at = written_at
    demo = demo_users[users.DEMO.username]
    for name, not_needed in TEMPLATES.items():
        templates.save_template(demo, name=name, not_needed=not_needed)


def _details(fields: Mapping[str, object], user: User, now: datetime) -> rules.Details:
    days = fields.get("due")
    due_on = ""
    if isinstance(days, int):
        due_on = (local_day(now, user.timezone) + timedelta(days=days)).isoformat()
    sent = {name: fields.get(name, "") for name in ("notes", "video_url", "download_url")}
    return rules.details(**sent, due_on=due_on)
