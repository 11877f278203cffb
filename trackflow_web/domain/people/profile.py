"""Profiles of users, their visibility, and display preferences."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from trackflow_web.domain.people import queries, rules
from trackflow_web.domain.people.events import PersonListed
from trackflow_web.domain.people.models import Audience, Shown, Theme
from trackflow_web.domain.share_images import actions as share_images
from trackflow_web.kernel import cache_versions, text
from trackflow_web.kernel.cache_versions import Versioned
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Checks, Invalid
from trackflow_web.kernel.events import record
from trackflow_web.kernel.markup import is_web_address
from trackflow_web.kernel.text import YesOrNo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trackflow_web.domain.people.models import User

    Fields = Mapping[str, tuple[str, Callable[[object, str], object]]]

LONGEST_NAME = 60
LONGEST_BIO = 500
MOST_LINKS = 5
LONGEST_LINK = 200
MOST_CHARTER_NAMES = 5
# Before there were three audiences.
FORMER_AUDIENCES = {"public": Audience.MEMBERS, "private": Audience.ME}
NAME_OF_ADMINISTRATOR = "This is too close to an administrator's name. Choose another."
A_LINK = "Enter addresses that start with https:// or http://, one per line."


def change_profile(user: User, **changes: object) -> None:
    """Set `display_name`, `bio`, `links`, `charter_names`, `theme`, `shortcuts`.

    Missing fields stay unchanged. Raises Invalid naming every invalid field.
    """
    name = user.display_name
    own_name: Fields = {"display_name": ("display_name", partial(_display_name_of, user))}
    _change(user, changes, {**PROFILE, **own_name})
    cache_versions.hide()  # what it said before
    if user.display_name != name:
        share_images.withdraw_all_of(user.id)


def change_privacy(user: User, **changes: object) -> None:
    """Set the visibility: `profile`, `new_achievements`, `days`, `boards`, `feed`.

    Missing fields stay unchanged. Raises Invalid naming every invalid field.
    """
    was_public, was_listed, audience = user.is_profile_public, user.on_boards, user.audience
    _change(user, changes, PRIVACY)
    if user.is_profile_public != was_public:
        # What is counted of the user so far is read before this is written.
        with db.session.no_autoflush:
            cache_versions.step(Versioned.HOLDERS, users=[user.id])
    cache_versions.hide()
    if user.audience != audience:
        share_images.withdraw_all_of(user.id)
    if user.on_boards != was_listed or user.audience != audience:
        record(PersonListed(), user_id=user.id, subject_id=user.id)


def hide_checklist(user: User) -> None:
    """Dismiss the first steps."""
    user.hides_checklist = True


def lines_of(stored: str) -> list[str]:
    """Return links or names as they are stored in one text."""
    return stored.split("\n") if stored else []


def host_of(link: str) -> str:
    """Return where a stored link leads to, as it is shown."""
    return (urlsplit(link).hostname or "").removeprefix("www.")


def _change(
    user: User,
    changes: Mapping[str, object],
    fields: Fields,
) -> None:
    check = Checks()
    values = {
        column: check(rule, changes[field], field)
        for field, (column, rule) in fields.items()
        if field in changes
    }
    check.finish()
    for column, value in values.items():
        setattr(user, column, value)


def _display_name(value: object, field: str) -> str:
    name = text.line(value, field, longest=LONGEST_NAME, required=False)
    if rules.is_reserved(name):
        raise Invalid(**{field: "This name is reserved. Choose another."})
    return name


def _display_name_of(user: User, value: object, field: str) -> str:
    name = _display_name(value, field)
    if name and name != user.display_name and queries.is_like_administrator(name, but=user.id):
        raise Invalid(**{field: NAME_OF_ADMINISTRATOR})
    return name


def _bio(value: object, field: str) -> str:
    return text.lines(value, field, longest=LONGEST_BIO, required=False)


def _links(value: object, field: str) -> str:
    typed = _lines(value, field, most=MOST_LINKS, longest=LONGEST_LINK)
    return "\n".join(dict.fromkeys(_link(each, field) for each in typed))


def _link(typed: str, field: str) -> str:
    """Return an address with its host in lower-case ASCII, so that none looks like another."""
    address = typed if "://" in typed else f"https://{typed}"
    if not is_web_address(address) or any(map(str.isspace, address)):
        raise Invalid(**{field: A_LINK})
    parts = urlsplit(address)
    try:
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise Invalid(**{field: A_LINK}) from None
    if "." not in host.strip(".") and "[" not in parts.netloc:
        raise Invalid(**{field: A_LINK})
    netloc = f"[{host}]{port}" if ":" in host else f"{host}{port}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, parts.fragment))


def _charter_names(value: object, field: str) -> str:
    typed = _lines(value, field, most=MOST_CHARTER_NAMES, longest=LONGEST_NAME)
    return "\n".join(dict.fromkeys(typed))


def _lines(value: object, field: str, *, most: int, longest: int) -> list[str]:
    """Return the lines of a text, or the texts of a list, that are not empty."""
    if isinstance(value, list):
        value = "\n".join(str(each) for each in value[: 2 * most])
    typed = text.lines(value, field, longest=2 * most * longest, required=False)
    found = [line for each in typed.split("\n") if (line := each.strip())]
    if len(found) > most:
        raise Invalid(**{field: f"Enter up to {most}."})
    return [text.line(each, field, longest=longest) for each in found]


def _audience(value: object, field: str) -> Audience:
    former = FORMER_AUDIENCES.get(value) if isinstance(value, str) else None
    return former or text.choice(value, field, Audience)


def _is_public(value: object, field: str) -> bool:
    return text.choice(value, field, Shown) is Shown.PUBLIC


def _theme(value: object, field: str) -> Theme:
    return text.choice(value, field, Theme)


def _switch(value: object, field: str) -> bool:
    if isinstance(value, bool):
        return value
    return text.choice(value, field, YesOrNo) is YesOrNo.YES


# Each field with its column and its rule.
PROFILE = {
    "display_name": ("display_name", _display_name),
    "bio": ("bio", _bio),
    "links": ("links", _links),
    "charter_names": ("charter_names", _charter_names),
    "theme": ("theme", _theme),
    "shortcuts": ("uses_shortcuts", _switch),
}
PRIVACY = {
    "profile": ("audience", _audience),
    "new_achievements": ("shows_new_achievements", _is_public),
    "days": ("shows_days", _switch),
    "boards": ("on_boards", _switch),
    "feed": ("in_feed", _switch),
}
