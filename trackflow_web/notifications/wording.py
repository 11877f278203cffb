"""The words of a notification, from its ids and what they are called now."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trackflow_web.notifications.types import (
    DECIDED,
    DIGEST_KEY,
    INVITED,
    MANY_RELEASES,
    MODERATED,
    REACTED_TO_COMMENT,
    REASONS,
    REPLIED,
    REPLIES,
    REPLY_KEY,
    TYPES,
    Reason,
    Type,
)

NAMES_SHOWN = 2
NOBODY = "Somebody"
A_MEMBER = "a member"
GONE = {
    "song": "a song that is no longer public",
    "pack": "a pack that is gone",
    "feature": "a request that is gone",
    "bug": "a report that is gone",
    "achievement": "an achievement",
    "category": "a category",
    "season": "a season that is gone",
    "talk": "something that is no longer public",
}


@dataclass(frozen=True)
class Actor:
    """Who a notification is about; without a name, somebody whose profile is hidden."""

    username: str = ""
    shown: str = ""
    is_visible: bool = False


@dataclass(frozen=True)
class Piece:
    """A piece of a sentence: `kind` is text, actors or subject."""

    kind: str
    text: str


def sentence_of(type_: Type, group_key: str, n: int, data: dict[str, object]) -> str:
    """Return the sentence of a row, with its places."""
    if group_key.startswith(DIGEST_KEY):
        return MANY_RELEASES if type_ is Type.NEW_RELEASE else _more_of(type_, n)
    if group_key.startswith("invited:"):
        return INVITED
    if type_ is Type.BUG_REPORT_RESPONSE and "status" in data:
        return DECIDED
    if group_key.startswith(REPLY_KEY):
        return REPLIED if n == 1 else REPLIES
    if str(data.get("about", "")).startswith("comment:"):
        return REACTED_TO_COMMENT
    options = TYPES[type_]
    usual = options.one if n == 1 else options.many
    return MODERATED.get(str(data.get("decision")), usual)


def _more_of(type_: Type, n: int) -> str:
    what = "notification" if n == 1 else "notifications"
    return f"{n:,} more {what}: {TYPES[type_].title}."


def reason_of(reason: str, actors: str, note: str = "") -> str:
    """Return why somebody is notified, as a sentence; `note` is what an administrator wrote."""
    return REASONS[Reason(reason)].format(actors=actors, note=note)


def pieces_of(sentence: str, values: dict[str, str]) -> Iterator[Piece]:
    """Return the pieces of a sentence, its places filled in; names and titles stay as they are."""
    is_first = True
    for text, place, _spec, _conversion in string.Formatter().parse(sentence):
        if text:
            yield Piece("text", text)
            is_first = False
        if place is not None:
            value = values[place]
            kind = place if place in {"actors", "subject"} else "text"
            is_ours = value.startswith((A_MEMBER, *GONE.values()))
            yield Piece(kind, value[:1].upper() + value[1:] if is_first and is_ours else value)
            is_first = False


def names_of(actors: Sequence[Actor], others: int) -> str:
    """Return names as one reads them: `alice, bob and 3 others`; `others` have no name here."""
    names = [actor.shown or A_MEMBER for actor in actors[:NAMES_SHOWN]]
    if not names:
        return NOBODY if others <= 1 else f"{others} people"
    more = others + len(actors) - len(names)
    if more:
        return f"{', '.join(names)} and {more} {'other' if more == 1 else 'others'}"
    return " and ".join(names)
