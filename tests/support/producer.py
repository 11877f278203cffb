"""A user who creates packs and albums with collaborators; each action is a unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.charter import ALL_PARTS, Charter
from tests.support.people import working
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.invitations import actions as answers
from trackflow_web.domain.invitations.queries import find_received, pending_after
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.people.queries import find_by_typed_name
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.series.queries import find_series, tracks_of
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.people import Person
    from trackflow_web.domain.authoring.rules import Part
    from trackflow_web.domain.collaborations.models import Invitation
    from trackflow_web.domain.collaborations.rules import Addition
    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.series.models import Series
    from trackflow_web.domain.songs.models import Song


@dataclass(frozen=True)
class Producer(Charter):
    """A charter who also works with packs, albums and collaborators."""

    def author(self, song_id: int, state: str = "done", parts: Iterable[Part] = ALL_PARTS) -> None:
        """Mark all parts in one unit of work."""
        with working(self.app):
            for part in parts:
                authoring.mark_part(_song(song_id), part, self.user, state=state)

    def authored(self, title: str, **fields: object) -> int:
        """Add a song and author it."""
        song_id = self.add(title, **fields)
        self.author(song_id)
        return song_id

    # --- packs ---------------------------------------------------------------------------------

    def pack(self, name: str = "Encore", *song_ids: int) -> int:
        """Start a pack with these songs; return its id."""
        with working(self.app):
            pack = packs.create_pack(self.user, name=name)
            for song_id in song_ids:
                packs.put_song(pack, song_id=song_id, optional=False)
            return pack.id

    def put(self, pack_id: int, song_id: object, *, optional: bool = False) -> None:
        with working(self.app):
            packs.put_song(_pack(pack_id), song_id=song_id, optional=optional)

    def take_out(self, pack_id: int, song_id: int) -> None:
        with working(self.app):
            packs.take_song_out(_pack(pack_id), song_id)

    def rename(self, pack_id: int, name: object) -> None:
        with working(self.app):
            packs.rename_pack(_pack(pack_id), name=name)

    def delete_pack(self, pack_id: int) -> None:
        with working(self.app):
            packs.delete_pack(_pack(pack_id))

    def release_pack(self, pack_id: int) -> int:
        with working(self.app):
            return packs.release_pack(_pack(pack_id), self.user)

    # --- albums --------------------------------------------------------------------------------

    def album(self, *titles: str, album: str = "Black Album", artist: str = "Metallica") -> int:
        """Start an album of these tracks; return its id."""
        with working(self.app):
            tracks = "\n".join(titles)
            return series.create_series(
                self.user, artist=artist, album=album, year="", tracks=tracks
            ).id

    def track(
        self,
        series_id: int,
        position: int,
        song_id: object = "",
        *,
        irrelevant: bool = False,
        anyway: bool = True,
    ) -> None:
        """Link a song of any title."""
        with working(self.app):
            series.set_track(
                _series(series_id),
                position,
                song_id=song_id,
                irrelevant=irrelevant,
                anyway=anyway,
            )

    def link(self, series_id: int) -> int:
        with working(self.app):
            return series.link_suggested(_series(series_id))

    def linked(self, series_id: int) -> list[int | None]:
        """The songs that the tracks are linked to."""
        with self.app.app_context():
            return [track.song_id for track in tracks_of(series_id)]

    def delete_album(self, series_id: int) -> None:
        with working(self.app):
            series.delete_series(_series(series_id))

    # --- users ---------------------------------------------------------------------------------

    def invite(self, song_id: int, username: object) -> None:
        """Add a previous collaborator."""
        self.work_with(username)
        self.ask(song_id, username)

    def invite_to_pack(self, pack_id: int, username: object) -> int:
        """Add a previous collaborator; return the number of songs."""
        self.work_with(username)
        return self.ask_to_pack(pack_id, username).songs

    def ask(self, song_id: int, username: object) -> Addition:
        """Add a collaborator, or invite one who has not worked with this user."""
        with working(self.app):
            return collaborators.add_collaborator(_song(song_id), username=username, limits=())

    def ask_to_pack(self, pack_id: int, username: object) -> Addition:
        with working(self.app):
            return packs.add_collaborator(_pack(pack_id), username=username, limits=())

    def work_with(self, username: object) -> None:
        with working(self.app):
            other = find_by_typed_name(username) if isinstance(username, str) else None
            if other and other.id != self.id:
                invitations.remember_work(self.id, other.id)

    def received(self) -> list[int]:
        """The ids of the pending invitations of this user, newest first."""
        with self.app.app_context():
            pending = pending_after(self.id, before_id=None, limit=100)
            return [each.invitation.id for each in pending]

    def accept(self, invitation_id: int) -> None:
        with working(self.app):
            answers.accept(_received(invitation_id, self.id), self.user)

    def decline(self, invitation_id: int) -> None:
        with working(self.app):
            answers.decline(_received(invitation_id, self.id))

    def leave(self, song_id: int) -> None:
        with working(self.app):
            collaborators.remove_collaborator(_song(song_id), self.user, self.id)

    def part_with(self, song_id: int, helper: Person | Charter) -> None:
        with working(self.app):
            collaborators.remove_collaborator(_song(song_id), self.user, helper.id)


def _song(song_id: int) -> Song:
    song = find_song(song_id, for_update=True)
    assert song, f"there is no song {song_id}"
    return song


def _received(invitation_id: int, user_id: int) -> Invitation:
    found = find_received(invitation_id, user_id)
    if found is None:
        raise NotFound
    return found.invitation


def _pack(pack_id: int) -> Pack:
    pack = find_pack(pack_id)
    assert pack, f"there is no pack {pack_id}"
    return pack


def _series(series_id: int) -> Series:
    found = find_series(series_id)
    assert found, f"there is no series {series_id}"
    return found
