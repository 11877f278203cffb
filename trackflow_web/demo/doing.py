"""Doing what stands in the diaries, by the domain's own actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limits import RateLimitItemPerDay

from trackflow_web.demo import diary, wishes
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.songs import actions as songs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.demo.cast import Album
    from trackflow_web.demo.diary import Deed, Entry, Listed
    from trackflow_web.demo.wishes import Wish
    from trackflow_web.domain.feedback.models import Feedback
    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song

# Nobody of the cast writes more in a day.
WORDS_A_DAY = RateLimitItemPerDay(10)


class Doing:
    """Does one entry after another and remembers what came of it."""

    def __init__(self, residents: Mapping[str, User]) -> None:
        self.residents = residents
        self.songs: dict[tuple[str, Listed], Song] = {}
        self.packs: dict[tuple[str, str], Pack] = {}
        self.items: dict[Wish, Feedback] = {}

    def do(self, entry: Entry) -> None:
        """Do what stands in an entry, as who wrote it."""
        user = self.residents[entry.username]
        if people.visit_is_due(user):
            people.record_visit(user)
        self._work(entry.deed, user)
        self._share(entry.deed, user)
        self._talk(entry.deed, user)

    def _work(self, deed: Deed, user: User) -> None:
        match deed:
            case diary.Add(song, status):
                added = songs.add_song(user, **song._asdict(), status=status)
                self.songs[user.username, song] = added
            case diary.Move(song, status):
                songs.move_song(self.songs[user.username, song], user, status=status)
            case diary.Mark(song, part, state):
                authoring.mark_part(self.songs[user.username, song], part, user, state=state)

    def _share(self, deed: Deed, user: User) -> None:
        match deed:
            case diary.StartPack(name):
                self.packs[user.username, name] = packs.create_pack(user, name=name)
            case diary.Put(song, name, optional):
                pack, song_id = self.packs[user.username, name], self.songs[user.username, song].id
                packs.put_song(pack, song_id=song_id, optional=optional)
            case diary.AskForHelp(song, helper):
                songs.add_helper(self.songs[user.username, song], username=helper)
            case diary.StartAlbum(album):
                _start_album(user, album)

    def _talk(self, deed: Deed, user: User) -> None:
        match deed:
            case wishes.HandIn(wish):
                self.items[wish] = feedback.hand_in(
                    user,
                    wish.kind,
                    title=wish.title,
                    description=wish.description,
                    limit=WORDS_A_DAY,
                )
            case wishes.Vote(wish):
                feedback.vote(self.items[wish], user)
            case wishes.Comment(wish, body):
                feedback.comment(self.items[wish], user, body=body, limit=WORDS_A_DAY)
            case wishes.Decide(wish, status, reason):
                feedback.decide(self.items[wish], user, status=status, reason=reason)


def _start_album(user: User, album: Album) -> None:
    started = series.create_series(
        user, artist=album.artist, album=album.name, year=album.year, tracks=list(album.tracks)
    )
    series.link_suggested(started)
    for position, title in enumerate(album.tracks, start=1):
        if title in album.irrelevant:
            series.set_track(started, position, song_id=None, irrelevant=True)
