"""Subjects of reactions and comments in pages and the API: their titles and addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import request

from trackflow_web.achievements import catalogue
from trackflow_web.domain.comments.numbers import behind_first_page
from trackflow_web.domain.subjects import Key, Subject, SubjectText, SubjectType, describe
from trackflow_web.domain.subjects import find_subject as find
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import viewer_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PATHS = {
    SubjectType.RELEASE: "/releases/{id}",
    SubjectType.ACHIEVEMENT: "/users/{username}/achievements/{name}",
    SubjectType.PACK: "/packs/{id}",
    SubjectType.FEATURE_REQUEST: "/features/{id}",
    SubjectType.BUG_REPORT: "/bugs/{id}",
}


@dataclass(frozen=True)
class Link:
    """What a subject is called now, and its address."""

    title: str
    url: str


def subject_or_404(type_: str, id_: int, *, blocked_too: bool = False) -> Subject:
    """Return a subject that the caller, signed in or not, may see.

    With `blocked_too` also one of somebody whom the caller has blocked.
    """
    found = find(type_, id_, viewer_id(), blocked_too=blocked_too)
    if found is None:
        raise NotFound
    return found


def subject_url(type_: str, id_: int) -> str:
    """Return the address of a subject's page. Raises NotFound if the caller may not see it."""
    key = (SubjectType(type_), id_)
    found = links_of([key]).get(key)
    if found is None:
        raise NotFound
    return found.url


def links_of(keys: Iterable[Key]) -> dict[Key, Link]:
    """Return titles and addresses of those subjects that the caller may see.

    In one statement, in three when comments are among them: these are on a page of their thread.
    """
    found = describe(keys, viewer_id())
    threads = {_thread_of(each) for each in found.values() if _is_comment(each)}
    around = describe(threads, viewer_id()) if threads else {}
    comment_ids = [id_ for type_, id_ in found if type_ is SubjectType.COMMENT]
    late = behind_first_page(comment_ids) if comment_ids else set()
    links = {}
    for key, each in found.items():
        thread = around.get(_thread_of(each)) if _is_comment(each) else each
        if thread is not None:
            comment_id = each.subject.id if _is_comment(each) else 0
            address = address_of(thread, comment_id, is_late=comment_id in late)
            links[key] = Link(_title(thread), address)
    return links


def _is_comment(described: SubjectText) -> bool:
    return described.subject.type is SubjectType.COMMENT


def _thread_of(comment: SubjectText) -> Key:
    type_, _, id_ = comment.name.partition(":")
    return SubjectType(type_), int(id_)


def _title(described: SubjectText) -> str:
    if described.subject.type is not SubjectType.ACHIEVEMENT:
        return described.name
    entry = catalogue.current().find(described.name)
    return entry.name if entry else described.name


def address_of(described: SubjectText, comment_id: int = 0, *, is_late: bool = False) -> str:
    """Return the address of a subject's page, or of a comment there.

    A `late` comment is on a later page of the thread, which begins with it. A subject without a
    page has only its thread.
    """
    thread = f"{request.script_root}/comments/{described.subject.type}/{described.subject.id}"
    if is_late:
        return f"{thread}?at={comment_id}#comment-{comment_id}"
    values: Mapping[str, object] = {
        "id": described.subject.id,
        "username": quote(described.username),
        "name": quote(described.name),
    }
    page = request.script_root + _PATHS[described.subject.type].format_map(values)
    path = page if described.has_page else thread
    return f"{path}#comment-{comment_id}" if comment_id else path
