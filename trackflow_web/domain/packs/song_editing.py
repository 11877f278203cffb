"""Add and change songs together with the pack that they are in; for pages and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring import templates
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.songs import actions, rules
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.errors import Checks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song

TEXT_FIELDS = ("title", "artist", "album", "year")
DETAIL_FIELDS = ("notes", "due_on", "video_url", "download_url")


def add_song(
    owner: User,
    *,
    title: object,
    artist: object,
    album: object = "",
    year: object = None,
    status: object = Status.FUTURE,
    pack_id: object = None,
    anyway: object = False,
    **more: object,
) -> Song:
    """Add a song to the user's songs, and to one of their packs.

    `anyway` adds another album's version of an existing song. `template` names the parts that it
    does not need; the rest of `more` are DETAIL_FIELDS.

    Raises Invalid naming every invalid field, Duplicate.
    """
    check = Checks()
    pack = check(packs.own_pack, owner, pack_id)
    fields = {"title": title, "artist": artist, "album": album, "year": year}
    check(rules.draft, **fields)
    check(rules.status, status or Status.FUTURE)
    template = more.get("template")
    if template:
        check(templates.not_needed_by, owner.id, template)
    checked = check(rules.details, **{name: more.get(name) for name in DETAIL_FIELDS})
    check.finish()
    song = actions.add_song(owner, **fields, status=status, anyway=is_set(anyway))
    actions.set_details(song, owner, checked)
    if template:
        authoring.apply_template(song, owner, template=template)
    packs.place_song(song, pack)
    return song


def change_song(song: Song, owner: User, changes: Mapping[str, object]) -> None:
    """Change the fields of a song in `changes`; the others stay unchanged.

    They are title, artist, album, year, status, pack_id and DETAIL_FIELDS; `anyway` is as in
    `add_song`. Nothing changes unless all of them are valid. Raises Invalid naming every invalid
    field, Duplicate.
    """
    check = Checks()
    status = check(rules.status, changes.get("status", song.status))
    pack = check(packs.own_pack, owner, changes.get("pack_id"))
    fields = {name: changes.get(name, getattr(song, name)) for name in TEXT_FIELDS}
    edited = not changes.keys().isdisjoint(TEXT_FIELDS)
    if edited:
        check(rules.draft, **fields)
    stored = {name: changes.get(name, getattr(song, name)) for name in DETAIL_FIELDS}
    details = check(rules.details, **stored)
    check.finish()
    actions.set_details(song, owner, details)
    if edited:
        actions.edit_song(song, owner, **fields, anyway=is_set(changes.get("anyway")))
    actions.move_song(song, owner, status=status)
    if "pack_id" in changes:
        packs.place_song(song, pack)


def is_set(value: object) -> bool:
    """Return whether a switch is on: true in JSON, 1 in a form."""
    return value is True or value == "1"
