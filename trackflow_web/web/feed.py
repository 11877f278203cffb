"""The feed in pages and the API: its query parameters, addresses, and what readers say about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import request, url_for

from trackflow_web.community import entries, feed
from trackflow_web.community.entries import Entry, Subject
from trackflow_web.community.feed import MOST_SKIPPED, Place, Type, Wanted, Who
from trackflow_web.community.models import Kind
from trackflow_web.domain.comments.queries import comment_counts
from trackflow_web.domain.people.models import User
from trackflow_web.domain.reactions.queries import Reactions, reactions_of
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.extensions import settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_ENTRIES = 100
_PATHS = {Kind.RELEASE: "/releases/", Kind.PACK: "/packs/", Kind.SERIES: "/series/"}


@dataclass(frozen=True)
class Said:
    """What readers say about the subject of an entry; albums have neither."""

    reactions: Reactions = field(default_factory=Reactions)
    comments: int = 0


@dataclass(frozen=True)
class Part:
    """A part of the feed: entries, and where it continues."""

    wanted: Wanted
    entries: Sequence[Entry]
    next: Place | None
    said: Mapping[int, Said] = field(default_factory=dict)

    @property
    def first(self) -> Place | None:
        """Return the place of its first entry."""
        return Place(self.entries[0].at, self.entries[0].id) if self.entries else None

    @property
    def next_url(self) -> str | None:
        """Return the address of the page with the next part."""
        return None if self.next is None else self.address(cursor=str(self.next))

    def address(self, endpoint: str = "community.index", **changes: str) -> str:
        """Return the address of this part of the feed, with some parameters changed."""
        wanted = self.wanted
        values = {"type": wanted.type.value, "who": wanted.who.value}
        if wanted.user_id is not None:
            values["user_id"] = str(wanted.user_id)
        if wanted.limit != feed.ENTRIES:
            values["limit"] = str(wanted.limit)
        values |= changes
        defaults = {"type": Type.ALL.value, "who": Who.EVERYONE.value}
        return url_for(
            endpoint,
            **{name: value for name, value in values.items() if value != defaults.get(name)},  # type: ignore[arg-type]
        )


def wanted_by(arguments: Mapping[str, str], *, usual: int = feed.ENTRIES) -> Wanted:
    """Return what query parameters ask for. Raises Invalid naming each bad one."""
    check = Checks()
    type_ = check(text.choice, arguments.get("type") or Type.ALL, "type", Type)
    who = check(text.choice, arguments.get("who") or Who.EVERYONE, "who", Who)
    user_id = check(_number, arguments, "user_id", 1, text.LARGEST_ID)
    limit = check(_number, arguments, "limit", 1, MOST_ENTRIES)
    offset = check(_number, arguments, "offset", 0, MOST_SKIPPED)
    after = check(Place.parse, arguments.get("cursor"))
    check.finish()
    return Wanted(
        viewer_id=get_current_user().id,
        type=type_,
        who=who,
        user_id=user_id,
        after=after,
        limit=limit or usual,
        offset=offset or 0,
        newcomer_days=settings().newcomer_days,
    )


def _number(arguments: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    return text.whole_number(arguments.get(name), name, least=least, most=most)


def load(wanted: Wanted) -> Part:
    """Return the part of the feed that a caller wants."""
    found = feed.load(wanted)
    shown = entries.entries_of(found.rows, wanted.viewer_id)
    return Part(wanted, shown, found.next, _said(shown, wanted.viewer_id))


def _said(shown: Sequence[Entry], viewer_id: int | None) -> dict[int, Said]:
    """Return what is said about the subjects of entries, in two statements."""
    keys = {
        entry.id: (SubjectType(entry.kind.value), entry.subject.id)
        for entry in shown
        if entry.kind is not Kind.SERIES
    }
    reactions = reactions_of(keys.values(), viewer_id)
    comments = comment_counts(keys.values())
    return {
        entry.id: Said(reactions[keys[entry.id]], comments[keys[entry.id]])
        if entry.id in keys
        else Said()
        for entry in shown
    }


def followed_news(user: User, limit: int) -> list[Entry]:
    """Return the latest entries of those whom a user follows, without what is said about them."""
    wanted = Wanted(viewer_id=user.id, who=Who.FOLLOWED, limit=limit)
    return entries.entries_of(feed.load(wanted).rows, user.id)


def subject_url(subject: Subject, owner: str) -> str:
    """Return the address of a subject; `owner` is the username of whose entry it is.

    That of a pack without a page is that of its thread, that of an album is its owner's profile.
    """
    root = request.script_root
    if not subject.has_page and (viewer_id() is None or get_current_user().username != owner):
        if subject.kind is Kind.SERIES:
            return f"{root}/users/{quote(owner)}"
        return f"{root}/comments/{subject.kind}/{subject.id}"
    if subject.kind is Kind.ACHIEVEMENT:
        code = subject.achievement.code if subject.achievement else ""
        return f"{root}/users/{quote(owner)}/achievements/{quote(code)}"
    return f"{root}{_PATHS[subject.kind]}{subject.id}"
