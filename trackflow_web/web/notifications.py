"""Notifications in pages and the API: their addresses, and the bell of this request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flask import g, request, url_for

from trackflow_web.notifications import bell, versions
from trackflow_web.notifications.bell import Bell
from trackflow_web.web import htmx
from trackflow_web.web.caller import is_write
from trackflow_web.web.extensions import streams
from trackflow_web.web.subjects import address_of as talk_address

if TYPE_CHECKING:
    from flask import Flask

    from trackflow_web.domain.people.models import User
    from trackflow_web.notifications.inbox import Target

# What the bell in the browser was rendered at; sent with every request of htmx.
BELL_VERSION = "Bell-Version"
LONGEST_VERSION = 18
_BELL, _CHANGED = "bell", "bell_changed"
_ENDPOINTS = {
    "song": ("songs.show", "song_id"),
    "release": ("releases.show", "song_id"),
    "pack": ("packs.show", "pack_id"),
    "invitations": ("invitations.index", ""),
    "songs": ("songs.index", ""),
    "feature": ("features.show", "item_id"),
    "bug": ("bugs.show", "item_id"),
    "user": ("profiles.show", "username"),
    "achievement": ("achievements.show", "code"),
    "season": ("seasons.show", "slug"),
    "webhook": ("webhooks.show", "webhook_id"),
    "decision": ("moderation.decision", "action_id"),
    "moderation": ("admin.moderation", ""),
    "levels": ("achievements.levels", ""),
    "achievements": ("achievements.mine", ""),
}


def init_app(app: Flask) -> None:
    """Add `has_streams()` to templates."""
    app.jinja_env.globals["has_streams"] = lambda: streams().most > 0


def address_of(target: Target | None) -> str:
    """Return the address of what a notification is about; the inbox when it is gone or hidden."""
    if target is None:
        return url_for("notifications.index")
    if target.about is not None:
        about = target.about
        return talk_address(about.described, about.comment_id, is_late=about.is_late)
    endpoint, name = _ENDPOINTS[target.kind]
    values: dict[str, Any] = {name: target.key} if name else {}
    return url_for(endpoint, **values)


def bell_of_request(user: User) -> Bell:
    """Return the bell as this request leaves it, read once.

    A page that only reads needs no statement for it while the version is the same.
    """
    if _BELL not in g:
        is_as_loaded = not is_write() and "bell_version" in g and not versions.is_touched(user.id)
        current = bell.bell_at(user, g.bell_version) if is_as_loaded else bell.bell_of(user.id)
        setattr(g, _BELL, current)
    return cast("Bell", getattr(g, _BELL))


def note_change() -> None:
    """Let the response to htmx contain the bell: the view changes what it shows."""
    setattr(g, _CHANGED, True)


def is_bell_due() -> bool:
    """Return whether a response to htmx is to be compared with the bell in the browser."""
    return htmx.is_htmx() and (_CHANGED in g or BELL_VERSION in request.headers)


def is_bell_changed(user: User, current: Bell) -> bool:
    """Return whether the bell in the browser shows something else."""
    if _CHANGED in g or versions.is_touched(user.id):
        return True
    shown = request.headers.get(BELL_VERSION, "")
    return bool(shown) and shown[:LONGEST_VERSION] != str(current.version)
