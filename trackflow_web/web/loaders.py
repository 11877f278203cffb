"""The first line of a view: load its object, or reject the request.

Objects that will be changed are locked until the end of the unit of work. Raises NotFound for
objects that do not exist or must not be disclosed, Forbidden for those that the caller may only
see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.authoring.templates import find_template
from trackflow_web.domain.collaborations.queries import helps
from trackflow_web.domain.feedback.queries import find as find_feedback
from trackflow_web.domain.imports.queries import find_import
from trackflow_web.domain.invitations.queries import find_received
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.people.queries import find_by_typed_name, find_by_username
from trackflow_web.domain.people.rules import is_username
from trackflow_web.domain.relations.queries import is_blocked_by, relation_to
from trackflow_web.domain.series.queries import find_series
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.visibility.profiles import find_visible_profile
from trackflow_web.domain.webhooks.queries import find_delivery, find_webhook
from trackflow_web.kernel.errors import Forbidden, NotFound
from trackflow_web.web.caller import get_current_user, is_write, viewer_id

if TYPE_CHECKING:
    from trackflow_web.domain.authoring.models import PartTemplate
    from trackflow_web.domain.feedback.models import Feedback
    from trackflow_web.domain.feedback.rules import Kind as FeedbackKind
    from trackflow_web.domain.imports.models import Import
    from trackflow_web.domain.invitations.queries import Received
    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.series.models import Series
    from trackflow_web.domain.songs.models import Song
    from trackflow_web.domain.webhooks.models import Delivery, Webhook


def song_or_404(song_id: int, *, may: Literal["work", "own"]) -> Song:
    """Return a song that the caller owns or collaborates on.

    A collaborator may `work` on it (see, mark parts, move). Other uses raise Forbidden.
    """
    song, user_id = find_song(song_id, for_update=is_write()), get_current_user().id
    if song is None:
        raise NotFound
    if song.user_id == user_id:
        return song
    if not helps(user_id, song.id):
        raise NotFound
    if may == "own":
        raise Forbidden
    return song


def pack_or_404(pack_id: int) -> Pack:
    """Return one of the caller's own packs; its actions lock the songs first, then the pack."""
    pack = find_pack(pack_id)
    if pack is None or pack.user_id != get_current_user().id:
        raise NotFound
    return pack


def find_own_pack(pack_id: int) -> Pack | None:
    """Return a pack if the caller, signed in or not, is its owner."""
    pack = find_pack(pack_id)
    return pack if pack is not None and pack.user_id == viewer_id() else None


def find_own_series(series_id: int) -> Series | None:
    """Return an album if the caller, signed in or not, is its owner."""
    series = find_series(series_id)
    return series if series is not None and series.user_id == viewer_id() else None


def series_or_404(series_id: int) -> Series:
    """Return one of the caller's own album series; its actions lock what they change."""
    series = find_series(series_id)
    if series is None or series.user_id != get_current_user().id:
        raise NotFound
    return series


def import_or_404(import_id: int) -> Import:
    """Return one of the caller's own imports."""
    item = find_import(import_id, for_update=is_write())
    if item is None or item.user_id != get_current_user().id:
        raise NotFound
    return item


def invitation_or_404(invitation_id: int) -> Received:
    """Return an invitation that the caller received; its actions lock what they change."""
    received = find_received(invitation_id, get_current_user().id)
    if received is None:
        raise NotFound
    return received


def feedback_or_404(kind: FeedbackKind, item_id: int) -> Feedback:
    """Return a feature request or a bug report that no moderator has hidden from the caller."""
    item = find_feedback(kind, item_id, get_current_user(), for_update=is_write())
    if item is None:
        raise NotFound
    return item


def part_or_404(name: str) -> Part:
    """Return the part of this name."""
    if name not in set(Part):
        raise NotFound
    return Part(name)


def template_or_404(template_id: int) -> PartTemplate:
    """Return one of the caller's own part templates."""
    template = find_template(get_current_user().id, template_id)
    if template is None:
        raise NotFound
    return template


def webhook_or_404(webhook_id: int) -> Webhook:
    """Return one of the caller's own webhooks."""
    webhook = find_webhook(webhook_id, for_update=is_write())
    if webhook is None or webhook.user_id != get_current_user().id:
        raise NotFound
    return webhook


def delivery_or_404(webhook: Webhook, delivery_id: int) -> Delivery:
    """Return a delivery of a webhook."""
    delivery = find_delivery(webhook.id, delivery_id)
    if delivery is None:
        raise NotFound
    return delivery


def person_or_404(
    username: str, *, may_be_hidden: bool = False, may_be_blocked: bool = False
) -> User:
    """Return a user whose profile the caller, signed in or not, may see.

    With `may_be_hidden` also a hidden one whom the caller follows, has muted or blocked, so that
    this can be undone; with `may_be_blocked` one whom the caller has blocked.
    """
    reader = viewer_id()
    person = find_visible_profile(username, reader, blocked_too=may_be_blocked)
    if person is not None:
        return person
    hidden = find_by_username(username) if may_be_hidden and is_username(username) else None
    if hidden is None or reader is None or is_blocked_by(reader, hidden.id):
        raise NotFound
    if not relation_to(reader, hidden.id).is_any:
        raise NotFound
    return hidden


def user_or_404(username: str) -> User:
    """Return the user of this name in any spelling; for administrators only."""
    user = find_by_typed_name(username)
    if user is None:
        raise NotFound
    return user
