"""Threads of comments, as pages and the API show them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import url_for
from markupsafe import Markup, escape

from trackflow_web.domain.comments import queries, removal, rules
from trackflow_web.domain.comments.actions import Limits
from trackflow_web.domain.comments.queries import COMMENTS_A_PAGE, Place, Reader, Shown
from trackflow_web.domain.reactions.queries import Reactions, reactions_of
from trackflow_web.domain.subjects import Subject, SubjectType, find_subject
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.web.caller import get_caller, get_current_user, is_write, viewer_id
from trackflow_web.web.extensions import settings
from trackflow_web.web.subjects import subject_url
from trackflow_web.web.urls import path_for

if TYPE_CHECKING:
    from trackflow_web.domain.comments.models import Comment

A_MEMBER = "a member"
NO_CURSOR = "This cursor isn't from this list."
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})", re.ASCII)
_TAG = re.compile(r"(<[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>)")
_NO_MENTIONS_IN = ("a", "code", "pre")


@dataclass(frozen=True)
class CommentView:
    """One comment of a thread."""

    shown: Shown
    reactions: Reactions
    names: frozenset[str] = frozenset()

    @property
    def id(self) -> int:
        """Return its id."""
        return self.shown.comment.id

    @property
    def author_name(self) -> str:
        """Return who wrote it, as far as the reader may know; empty for a deleted account."""
        author = self.shown.author
        if author is not None:
            return author.username
        return "" if self.shown.comment.user_id is None else A_MEMBER

    @cached_property
    def html(self) -> Markup:
        """Return its text, with links to the users it mentions."""
        return with_mentions(self.shown.html, self.names)


@dataclass(frozen=True)
class ThreadView:
    """A page of a thread, with the forms on it.

    `reply` and `edit` are the ids of the comments whose form is open; the form below the thread is
    that of a new one.
    """

    subject: Subject
    comments: Sequence[CommentView]
    reactions: Reactions
    count: int
    following: Place | None
    is_from_start: bool
    is_closed: bool
    # Whether a moderator has hidden the subject; its owner sees it still.
    is_held: bool
    is_signed_in: bool
    may_comment: bool
    may_manage: bool
    is_staff: bool
    reply: int | None = None
    edit: int | None = None
    draft: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    # The reason of a request's status, which the page shows already.
    reason_shown: str = ""

    @property
    def longest(self) -> int:
        """Return how many characters a comment may have."""
        return rules.longest_body(self.subject.type)

    def address(self, **values: str | int) -> str:
        """Return the URL of the thread."""
        return f"{self._path}?{urlencode(values)}" if values else self._path

    @cached_property
    def _path(self) -> str:
        return path_for("comments.show", subject=self.subject.type, subject_id=self.subject.id)

    @property
    def post_url(self) -> str:
        """Return the URL to which new comments are posted."""
        pages = {SubjectType.FEATURE_REQUEST: "features", SubjectType.BUG_REPORT: "bugs"}
        board = pages.get(self.subject.type)
        if board is None:
            return self.address()
        return url_for(f"{board}.comment", item_id=self.subject.id)

    @property
    def next_url(self) -> str | None:
        """Return the URL of the next page, or None on the last one."""
        place = self.following
        return None if place is None else self.address(cursor=f"{place.root_id}.{place.id}")


@dataclass(frozen=True)
class TalkView:
    """The reactions to a subject and its thread, for its own page."""

    reactions: Reactions
    may_react: bool
    thread: ThreadView


def talk_of(type_: SubjectType, id_: int, owner_id: int) -> TalkView:
    """Return what a subject's own page shows below it; the caller may see the subject."""
    subject = Subject(type_, id_, owner_id)
    thread = thread_of(subject)
    return TalkView(
        reactions=thread.reactions,
        may_react=viewer_id() not in {None, owner_id},
        thread=thread,
    )


def comment_limits() -> Limits:
    """Return the limits of the installation."""
    config = settings()
    return Limits(config.limit_comments, config.limit_mentions, config.newcomer_days)


def reader() -> Reader:
    """Return the caller, signed in or not, as a reader of comments."""
    return Reader(viewer_id(), is_staff=is_staff())


def is_staff() -> bool:
    """Return whether the caller is an administrator, by session or with a token for that."""
    return viewer_id() is not None and get_caller().may_administer


def thread_or_404(type_: str, id_: int) -> Subject:
    """Return a subject that the caller may see and that can have comments."""
    found = find_subject(type_, id_, viewer_id())
    if found is None or found.type not in rules.THREADS:
        raise NotFound
    return found


def comment_or_404(comment_id: int) -> tuple[Shown, Subject]:
    """Return a comment that the caller may see, with the subject of its thread.

    It is locked if the request changes it.
    """
    comment = queries.find(comment_id, for_update=is_write())
    shown = queries.find_shown(comment_id, reader())
    if comment is None or shown is None:
        raise NotFound
    return shown, thread_or_404(comment.subject_type, comment.subject_id)


def place_of(cursor: str) -> Place:
    """Return the place in a cursor. Raises Invalid naming `cursor`."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise Invalid(cursor=NO_CURSOR)
    return Place(int(found[1]), int(found[2]))


def thread_of(
    subject: Subject,
    *,
    after: Place | None = None,
    at: Comment | None = None,
    reply: int | None = None,
    edit: int | None = None,
    draft: str | None = None,
    errors: Mapping[str, str] | None = None,
) -> ThreadView:
    """Return a page of a thread: its first, the one after a place, or one that has a comment."""
    start = None
    if at is not None and queries.count_before(at) >= COMMENTS_A_PAGE:
        start = Place(at.root_id, at.id)
    rows = queries.page(subject, reader(), after=after, start=start, limit=COMMENTS_A_PAGE + 1)
    shown, more = rows[:COMMENTS_A_PAGE], rows[COMMENTS_A_PAGE:]
    last = shown[-1].comment if more else None
    count, is_closed, is_held = queries.facts_of(subject)
    user_id = viewer_id()
    views, reactions = _views_and_reactions(shown, subject)
    return ThreadView(
        subject=subject,
        comments=views,
        reactions=reactions,
        count=count,
        following=Place(last.root_id, last.id) if last else None,
        is_from_start=after is None and start is None,
        is_closed=is_closed,
        is_held=is_held,
        is_signed_in=user_id is not None,
        may_comment=user_id is not None and not is_closed,
        may_manage=user_id is not None
        and removal.may_manage(subject, get_current_user(), is_staff=is_staff()),
        is_staff=is_staff(),
        reply=reply,
        edit=edit,
        draft=draft,
        errors=errors or {},
    )


def views_of(shown: Sequence[Shown]) -> list[CommentView]:
    """Return comments with the reactions to them and the users they mention."""
    return _views_and_reactions(shown, None)[0]


def _views_and_reactions(
    shown: Sequence[Shown], subject: Subject | None
) -> tuple[list[CommentView], Reactions]:
    """Return comments with the reactions to them, and the reactions to their subject."""
    ids = [each.comment.id for each in shown if not each.is_gone]
    about = [] if subject is None else [subject.key]
    comment_keys = [(SubjectType.COMMENT, id_) for id_ in ids]
    reactions = reactions_of([*about, *comment_keys], viewer_id())
    names = queries.mentioned_in(
        [each.comment.id for each in shown if "@" in each.body], viewer_id()
    )
    views = [
        CommentView(
            each,
            reactions.get((SubjectType.COMMENT, each.comment.id), Reactions()),
            frozenset(names.get(each.comment.id, ())),
        )
        for each in shown
    ]
    return views, reactions[subject.key] if subject is not None else Reactions()


def page_of(comment: Comment, subject: Subject) -> str:
    """Return the URL of the page on which a comment is, with its place there."""
    anchor = f"comment-{comment.id}"
    if queries.count_before(comment) < COMMENTS_A_PAGE:
        return f"{subject_url(subject.type, subject.id)}#{anchor}"
    return url_for(
        "comments.show",
        subject=subject.type,
        subject_id=subject.id,
        at=comment.id,
        _anchor=anchor,
    )


def with_mentions(html: str, names: frozenset[str]) -> Markup:
    """Return the HTML of a comment in which mentions of these users are links to them."""
    if not names:
        return Markup(html)  # noqa: S704 -- nh3 has cleaned it
    longest_first = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    mention = re.compile(rf"(?<![\w@./\-])@({longest_first})(?!\w)", re.IGNORECASE | re.ASCII)
    pieces, inside = [], 0
    for piece in _TAG.split(html):
        if piece.startswith("<"):
            inside += _depth(piece)
        elif not inside:
            piece = mention.sub(_link, piece)  # noqa: PLW2901
        pieces.append(piece)
    return Markup("".join(pieces))  # noqa: S704 -- nh3 has cleaned it


def _depth(tag: str) -> int:
    """Return by how much a tag changes how deep one is in elements without mentions."""
    name = tag.strip("</>").split()[0] if len(tag) > 2 else ""  # noqa: PLR2004 -- `<>`
    if name not in _NO_MENTIONS_IN:
        return 0
    return -1 if tag.startswith("</") else 1


def _link(match: re.Match[str]) -> str:
    address = url_for("profiles.show", username=match[1].lower())
    return f'<a class="mention" href="{escape(address)}">{match[0]}</a>'
