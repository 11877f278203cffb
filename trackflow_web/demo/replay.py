"""Replay timelines by the domain's own actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limits import RateLimitItemPerDay

from trackflow_web.demo import feedback as requests
from trackflow_web.demo import timeline
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.collaborations.queries import find_invitation
from trackflow_web.domain.collaborations.rules import Subject
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.invitations import actions as invitations
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.demo.feedback import DemoFeedback
    from trackflow_web.demo.timeline import Entry, ListedSong, Step
    from trackflow_web.demo.users import Album
    from trackflow_web.domain.feedback.models import Feedback
    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song

# No demo user writes more in a day.
FEEDBACK_A_DAY = RateLimitItemPerDay(10)
COMMENT_LIMITS = comments.Limits((RateLimitItemPerDay(50),))


class Replay:
    """Applies entries one after another and remembers the objects they make."""

    def __init__(self, demo_users: Mapping[str, User]) -> None:
        self.demo_users = demo_users
        self.songs: dict[tuple[str, ListedSong], Song] = {}
        self.packs: dict[tuple[str, str], Pack] = {}
        self.items: dict[DemoFeedback, Feedback] = {}

    def apply(self, entry: Entry) -> None:
        """Apply an entry as its user."""
        user = self.demo_users[entry.username]
        if people.visit_is_due(user):
            people.record_visit(user)
        self._work(entry.step, user)
        self._share(entry.step, user)
        self._talk(entry.step, user)

    def _work(self, step: Step, user: User) -> None:
        match step:
            case timeline.Add(song, status):
                added = songs.add_song(user, **song._asdict(), status=status)
                self.songs[user.username, song] = added
            case timeline.Move(song, status):
                songs.move_song(self.songs[user.username, song], user, status=status)
            case timeline.Mark(song, part, state):
                authoring.mark_part(self.songs[user.username, song], part, user, state=state)

    def _share(self, step: Step, user: User) -> None:
        match step:
            case timeline.CreatePack(name):
                self.packs[user.username, name] = packs.create_pack(user, name=name)
            case timeline.Put(song, name, optional):
                pack, song_id = self.packs[user.username, name], self.songs[user.username, song].id
                packs.put_song(pack, song_id=song_id, optional=optional)
            case timeline.AddCollaborator():
                self._add_collaborator(step, user)
            case timeline.CreateSeries(album):
                _start_album(user, album)

    def _add_collaborator(self, step: timeline.AddCollaborator, user: User) -> None:
        """Add a collaborator, or invite a new one, who may accept."""
        song = self.songs[user.username, step.song]
        added = collaborators.add_collaborator(song, username=step.collaborator, limits=())
        sent = find_invitation(Subject(song_id=song.id), added.user.id) if added.invited else None
        if sent is not None and step.accepts:
            invitations.accept(sent, added.user)

    def _talk(self, step: Step, user: User) -> None:
        match step:
            case requests.SubmitFeedback(item):
                self.items[item] = feedback.submit(
                    user,
                    item.kind,
                    title=item.title,
                    description=item.description,
                    limit=FEEDBACK_A_DAY,
                )
            case requests.Vote(item):
                feedback.vote(self.items[item], user)
            case requests.Comment(item, body):
                comments.write(
                    feedback.thread_of(self.items[item]), user, body=body, limits=COMMENT_LIMITS
                )
            case requests.Decide(item, status, reason):
                feedback.decide(self.items[item], user, status=status, reason=reason)


def _start_album(user: User, album: Album) -> None:
    started = series.create_series(
        user, artist=album.artist, album=album.name, year=album.year, tracks=list(album.tracks)
    )
    series.link_suggested(started)
    for position, title in enumerate(album.tracks, start=1):
        if title in album.irrelevant:
            series.set_track(started, position, song_id=None, irrelevant=True)
