"""What is said after an action on songs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.authoring.rules import State
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.text import count_of, isolate
from trackflow_web.web.messages import Message

if TYPE_CHECKING:
    from trackflow_web.domain.authoring.rules import Part
    from trackflow_web.domain.bulk.actions import Outcome
    from trackflow_web.domain.songs.models import Song
    from trackflow_web.domain.undo.reversals import Undone

STATUS_NAMES = {Status.FUTURE: "Future Plans", Status.WIP: "WIP", Status.RELEASED: "Released"}
STATE_NAMES = {State.TODO: "to do", State.DONE: "done", State.SKIP: "not needed"}
ACHIEVEMENTS_STAY = "achievements stay."
UNDONE = {
    "songs_deleted": "Restored {}.",
    "songs_moved": "Moved {} back.",
    "songs_placed": "Put {} back.",
    "parts_marked": "Changed {} back.",
    "pack_deleted": "Restored {}.",
    "album_deleted": "Restored {}.",
    "template_deleted": "Restored {}.",
    "collaborator_removed": "Added the collaborator back to {}.",
}


def deleted(outcome: Outcome) -> Message:
    """Say what was deleted."""
    drop = "one" if outcome.changed == 1 else f"{outcome.changed:,}"
    hint = f"Your counts drop by {drop}; {ACHIEVEMENTS_STAY}" if outcome.changed else ""
    return _message(outcome, f"Deleted {_songs(outcome)}.", hint)


def deleted_list(outcome: Outcome) -> Message:
    """Say which pack or album was deleted."""
    hint = f"Its songs are still in your list; {ACHIEVEMENTS_STAY}"
    return Message(f"Deleted {isolate(outcome.title)}.", hint, outcome.token)


def deleted_template(outcome: Outcome) -> Message:
    """Say which part template was deleted."""
    return Message(f"Deleted {isolate(outcome.title)}.", "Songs keep their parts.", outcome.token)


def moved(outcome: Outcome, status: Status) -> Message:
    """Say where songs were moved."""
    return _message(outcome, f"Moved {_songs(outcome)} to {STATUS_NAMES[status]}.")


def placed(outcome: Outcome, pack_name: str | None) -> Message:
    """Say into which pack songs were put, or that they are in none."""
    if pack_name is None:
        return _message(outcome, f"Removed {_songs(outcome)} from {_packs(outcome)}.")
    return _message(outcome, f"Added {_songs(outcome)} to {isolate(pack_name)}.")


def marked(outcome: Outcome, part: Part, state: State) -> Message:
    """Say which part was set."""
    return _message(outcome, f"{part.label} is {STATE_NAMES[state]} in {_songs(outcome)}.")


def marked_one(song: Song, part: Part, state: State) -> Message:
    """Say which part of one song was set; setting it again is as quick as undoing."""
    return Message(f"{part.label} is {STATE_NAMES[state]} in {isolate(song.title)}.")


def templated(outcome: Outcome) -> Message:
    """Say that the parts of a song were set by a template."""
    return _message(outcome, f"Set the parts of {_songs(outcome)}.")


def released(outcome: Outcome, pack_name: str) -> Message:
    """Say how many songs of a pack were released."""
    if not outcome.changed:
        return Message(f"All songs in {isolate(pack_name)} are already released.")
    return Message(
        f"Released {count_of(outcome.changed, 'song')} in {isolate(pack_name)}.",
        token=outcome.token,
    )


def left(outcome: Outcome) -> Message:
    """Say to a collaborator that they have left a song."""
    return Message(
        f"You're no longer collaborating on {isolate(outcome.title)}.", token=outcome.token
    )


def collaborator_removed(outcome: Outcome) -> Message:
    """Say to the owner that a collaborator was removed, or an invitation withdrawn."""
    if outcome.token is None:
        return Message("Invitation withdrawn.")
    return Message(f"Removed the collaborator from {isolate(outcome.title)}.", token=outcome.token)


def undone(result: Undone) -> Message:
    """Say what was undone."""
    if result.is_repeated:
        return Message("This was already undone.")
    if not result.changed:
        return Message("There was nothing left to undo.")
    name = result.name or (result.song.title if result.song else "")
    what = isolate(name) if name else count_of(result.changed, "song")
    return Message(UNDONE[result.kind].format(what))


def _message(outcome: Outcome, text: str, hint: str = "") -> Message:
    skipped = _skipped(outcome)
    if not outcome.changed:
        return Message("No songs were changed.", skipped)
    return Message(text, " ".join(each for each in (skipped, hint) if each), outcome.token)


def _songs(outcome: Outcome) -> str:
    return isolate(outcome.title) if outcome.title else count_of(outcome.changed, "song")


def _packs(outcome: Outcome) -> str:
    return "its pack" if outcome.changed == 1 else "their packs"


def _skipped(outcome: Outcome) -> str:
    """Return how many songs were skipped, and why."""
    reasons = [
        (outcome.unchanged, "already set"),
        (outcome.not_own, "not yours"),
        (outcome.missing, "not found"),
    ]
    said = [f"{number:,} {reason}" for number, reason in reasons if number]
    if not said or (outcome.changed == 0 and outcome.unchanged == 1 and len(said) == 1):
        return ""
    total = outcome.unchanged + outcome.not_own + outcome.missing
    return f"Skipped {count_of(total, 'song')}: {', '.join(said)}."
