"""The words of a notification, from its ids and what they are called now."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trackflow_web.notifications.types import (
    DIGEST_KEY,
    OLDER_KEY,
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
    "webhook": "an address that is gone",
    "talk": "something that is no longer public",
}

# What stands below a row; {actors} is who it is about.
REASONS = {
    Reason.EARNED: "You earned it.",
    Reason.IMPORTED: "Your import earned it.",
    Reason.RECHECKED: "A recheck found that you had earned it.",
    Reason.GRANTED: "An administrator gave it to you: {note}",
    Reason.REVOKED: "It was yours.",
    Reason.FOLLOWED: "You follow {actors}.",
    Reason.WORKED_WITH: "You've worked with {actors}.",
    Reason.COLLABORATOR: "You work on this song.",
    Reason.OWNER: "It's your song.",
    Reason.INVITED: "You were invited.",
    Reason.ADDED: "You were added.",
    Reason.INVITER: "It was your invitation.",
    Reason.AUTHOR: "You wrote it.",
    Reason.COMMENTED: "You commented on it.",
    Reason.VOTED: "You voted for it.",
    Reason.FOLLOWER: "It's you they follow.",
    Reason.MEMBER: "Seasons are for all members.",
    Reason.YOURS: "It's yours.",
    Reason.REPLIED: "You wrote the comment before it.",
    Reason.MENTIONED: "You were mentioned.",
    Reason.MODERATED: "It's about something of yours.",
    Reason.MODERATOR: "You're an administrator.",
    Reason.REPORTED: "You reported it.",
    Reason.CHOSEN: "It was chosen for the week.",
    Reason.WEBHOOK: "Its receiver failed for too long or wants nothing more.",
    Reason.LIMITED: "It's your webhook.",
}

# What a moderator decided, for the owner and for whoever reported it; what moderators should do.
MODERATED = {
    "owner:hide": "A moderator hid something of yours.",
    "owner:restore": "A moderator shows something of yours again.",
    "owner:warn": "A moderator warned you.",
    "owner:suspend": "A moderator suspended your account.",
    "owner:upheld": "Your appeal was accepted.",
    "owner:kept": "Your appeal was turned down.",
    "reporter:acted": "We acted on your report.",
    "reporter:not": "We didn't act on your report.",
    "moderator:held": "Reports have hidden something. Decide whether it stays hidden.",
}
# The one row for whoever has too many unread to get a row for each.
MANY_RELEASES = "{n} songs came out from people you follow or work with."
INVITED = "{actors} invited you to {subject}."
DECIDED = "{subject} is now {status}."
REPLIED = "{actors} replied to you on {subject}."
REPLIES = "{actors} replied to you on {subject}: {n} replies."
REACTED_TO_COMMENT = "{actors} reacted to your comment on {subject}."


@dataclass(frozen=True)
class Actor:
    """Who a notification is about; without a name, somebody whose profile is hidden."""

    username: str = ""
    shown: str = ""
    is_visible: bool = False
    id: int = 0
    avatar: str | None = None


@dataclass(frozen=True)
class Piece:
    """A piece of a sentence: `kind` is text, actors or subject.

    In a list of people it is text or person, with the username of a visible profile.
    """

    kind: str
    text: str
    username: str = ""


def sentence_of(type_: Type, group_key: str, n: int, data: dict[str, object]) -> str:
    """Return the sentence of a row, with its places."""
    if group_key.startswith(DIGEST_KEY):
        return _digest_of(type_, group_key, n)
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


def _digest_of(type_: Type, group_key: str, n: int) -> str:
    is_older = group_key.startswith(OLDER_KEY)
    if type_ is Type.NEW_RELEASE and not is_older:
        return MANY_RELEASES
    what = "notification" if n == 1 else "notifications"
    return f"{n:,} {'older' if is_older else 'more'} {what}: {TYPES[type_].title}."


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
    if more := others + len(actors) - len(names):
        return f"{', '.join(names)} and {_others(more)}"
    return " and ".join(names)


def people_of(actors: Sequence[Actor], others: int) -> Iterator[Piece]:
    """Return the pieces of a list of people, each name by itself."""
    people = [
        Piece("person", actor.shown or A_MEMBER, actor.username if actor.is_visible else "")
        for actor in actors
    ]
    if people and not actors[0].shown:  # the sentence begins with it
        people[0] = Piece("person", A_MEMBER.capitalize())
    if others:
        people.append(Piece("text", _others(others)))
    for place, piece in enumerate(people, start=1):
        yield piece
        if place < len(people):
            yield Piece("text", " and " if place == len(people) - 1 else ", ")


def _others(count: int) -> str:
    return f"{count:,} {'other' if count == 1 else 'others'}"
