"""Atom feeds of the community, of a user and of an achievement, as a visitor sees them.

The feed of followed users is private: its address has a signed token, which its owner can replace.
"""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.progress.shown_award import latest_public_holders
from trackflow_web.community import entries as community
from trackflow_web.community import feed
from trackflow_web.community.feed import Type, Wanted, Who
from trackflow_web.community.models import Kind
from trackflow_web.domain.visibility.profiles import find_visible_profile
from trackflow_web.integrations import atom
from trackflow_web.integrations.atom import AtomEntry, AtomFeed
from trackflow_web.kernel.errors import NotFound
from trackflow_web.kernel.text import LARGEST_ID, count_of
from trackflow_web.web.extensions import settings
from trackflow_web.web.feed import subject_url
from trackflow_web.web.feed_addresses import owner_of
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.sharing import absolute
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackflow_web.community.entries import Entry, Subject

embeds = Blueprint("feeds", __name__)

ENTRIES = 50
# Seconds.
FRESH = 900
YEAR = 2026
PLURALS = {Kind.RELEASE: "song", Kind.ACHIEVEMENT: "achievement", Kind.PACK: "pack"}
VERBS = {
    Kind.RELEASE: "released",
    Kind.ACHIEVEMENT: "unlocked",
    Kind.PACK: "created the pack",
    Kind.SERIES: "started the album",
}


@embeds.get("/community/feed.atom")
def of_community() -> Response:
    """Send the feed of everyone; `type` and `user_id` filter it."""
    arguments = ListArguments()
    type_ = arguments.choice("type", Type) or Type.ALL
    user_id = arguments.number("user_id", most=LARGEST_ID)
    arguments.finish()
    wanted = _wanted(type=type_, user_id=user_id)
    name = "Community" if type_ is Type.ALL else type_.capitalize()
    feed_id = f"community/{type_}" + (f"/{user_id}" if user_id else "")
    return _answer(feed_id, name, absolute("community.index"), _entries(wanted))


@embeds.get("/users/<username>/feed.atom")
def of_user(username: str) -> Response:
    """Send the feed of one user."""
    person = find_visible_profile(username, None)
    if person is None:
        raise NotFound
    page = absolute("profiles.show", username=person.username)
    found = _entries(_wanted(user_id=person.id))
    return _answer(f"users/{person.id}", person.shown_name, page, found)


@embeds.get("/achievements/<code>.atom")
def of_achievement(code: str) -> Response:
    """Send who has earned an achievement, the latest first; only public awards of public users."""
    entry = catalogue.current().find(code)
    if entry is None:
        raise NotFound
    page = absolute("achievements.show", code=code)
    found = [
        AtomEntry(
            id=_tag(f"award/{holder.award_id}"),
            title=f"{holder.shown_name} earned {entry.name}",
            url=absolute("awards.show", username=holder.username, code=code),
            published=holder.earned_at,
            updated=holder.earned_at,
            authors=[(holder.shown_name, absolute("profiles.show", username=holder.username))],
            html=f"<p>{escape(entry.description)}</p>",
        )
        for holder in latest_public_holders(code, limit=ENTRIES)
    ]
    return _answer(f"achievements/{code}", entry.name, page, found)


@embeds.get("/feeds/<token>.atom")
def of_followed(token: str) -> Response:
    """Send the feed of the users whom the owner of the token follows, as the owner sees it."""
    owner = owner_of(token)
    if owner is None:
        raise NotFound
    wanted = Wanted(viewer_id=owner.id, who=Who.FOLLOWED, limit=ENTRIES)
    page = absolute("community.index", who=Who.FOLLOWED.value)
    return _answer(
        f"followed/{owner.id}", "People you follow", page, _entries(wanted), private=True
    )


def _wanted(**filters: object) -> Wanted:
    return Wanted(
        viewer_id=None,
        limit=ENTRIES,
        newcomer_days=settings().newcomer_days,
        **filters,  # type: ignore[arg-type]
    )


def _entries(wanted: Wanted) -> Sequence[AtomEntry]:
    rows = feed.load(wanted).rows
    began = {row.id: row.first_at for row, *_ in rows}
    shown = community.entries_of(rows, wanted.viewer_id)
    return [_entry(entry, began[entry.id]) for entry in shown]


def _entry(entry: Entry, began: datetime) -> AtomEntry:
    return AtomEntry(
        id=_tag(f"feed/{entry.id}"),
        title=_title(entry),
        url=site_url() + subject_url(entry.subject, entry.actor.username),
        published=began,
        updated=atom.updated_at(began, entry.at),
        authors=[
            (actor.shown_name, absolute("profiles.show", username=actor.username))
            for actor in entry.actors
        ],
        html=_html(entry),
    )


def _title(entry: Entry) -> str:
    names = [actor.shown_name for actor in entry.actors]
    if entry.others:
        names.append("one more" if entry.others == 1 else f"{entry.others} more")
    who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    if entry.is_import:
        return f"{who} imported {count_of(entry.n, 'song')}"
    if entry.n > 1 and entry.kind in PLURALS:
        return f"{who} {VERBS[entry.kind].split()[0]} {count_of(entry.n, PLURALS[entry.kind])}"
    return f"{who} {VERBS[entry.kind]} {entry.subject.title}"


def _html(entry: Entry) -> str:
    subjects = entry.subjects or (entry.subject,)
    lines = [
        _linked(each, entry.actor.username) + (f" by {escape(each.by)}" if each.by else "")
        for each in subjects
    ]
    if entry.more > 0:
        lines.append(f"and {entry.more} more")
    lines += [
        f"{escape(actor.shown_name)}: {', '.join(part.label for part in actor.parts)}"
        for actor in entry.actors
        if actor.parts
    ]
    return "".join(f"<p>{line}</p>" for line in lines)


def _linked(subject: Subject, owner: str) -> str:
    """Return the title of a subject as a link; that of an album without a page is none."""
    if subject.kind is Kind.SERIES and not subject.has_page:
        return f"<b>{escape(subject.title)}</b>"
    address = site_url() + subject_url(subject, owner)
    return f'<a href="{escape(address)}">{escape(subject.title)}</a>'


def _tag(path: str) -> str:
    """Return an id that stays when addresses change (RFC 4151)."""
    return f"tag:{urlsplit(site_url()).hostname},{YEAR}:{path}"


def _answer(
    path: str, name: str, page: str, entries: Sequence[AtomEntry], *, private: bool = False
) -> Response:
    address = site_url() + request.full_path.rstrip("?")
    found = AtomFeed(_tag(path), f"{name} · TrackFlow", address, page, entries)
    content = atom.document(found)
    response = Response(content, mimetype=atom.MEDIA_TYPE)
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.last_modified = found.updated
    response.headers["Cache-Control"] = f"{'private' if private else 'public'}, max-age={FRESH}"
    response.make_conditional(request)
    return response
