"""Rules of scans of chart files: limits, and what a user confirms; without a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from trackflow_web.domain.authoring.rules import Part
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# The newest scans of a user are kept, for a week.
MOST_SCANS = 5
KEPT_FOR = timedelta(days=7)
# Songs that are read within a request; more are left to a job.
READ_AT_ONCE = 20
MOST_SONGS = 500
CHOOSE_SONGS = "Select at least one song."
NOT_THERE = "There is no such song in this upload."
UNKNOWN_PART = "This must be one of: {}.".format(", ".join(Part))


@dataclass(frozen=True)
class Confirmed:
    """What a user confirms of one song: its parts that are done, and those that it does not need.

    `title` and `artist` replace what was found, unless they are empty.
    """

    position: int
    done: frozenset[Part]
    not_needed: frozenset[Part] = frozenset()
    title: str = ""
    artist: str = ""


def confirmations(
    songs: Sequence[str],
    parts: Sequence[str],
    skipped: Sequence[str],
    names: Mapping[str, str],
) -> list[Confirmed]:
    """Return what a form confirms.

    `songs` are positions. A part is `drums`, for every one of them, or `3:drums`. `names` may have
    `title:3` and `artist:3`. Raises Invalid naming the field.
    """
    if not songs:
        raise Invalid(song=CHOOSE_SONGS)
    if len(songs) > MOST_SONGS or len(parts) + len(skipped) > MOST_SONGS * len(Part):
        raise Invalid(song=f"Select at most {MOST_SONGS} songs at a time.")
    positions = {_position(value) for value in songs}
    done, not_needed = _by_song(parts, "part"), _by_song(skipped, "skip")
    return [
        Confirmed(
            position,
            frozenset(done.get(position, set()) | done.get(None, set())),
            frozenset(not_needed.get(position, set()) | not_needed.get(None, set())),
            names.get(f"title:{position}", ""),
            names.get(f"artist:{position}", ""),
        )
        for position in sorted(positions)
    ]


def proposed(reports: Mapping[int, Mapping[str, Any]]) -> list[Confirmed]:
    """Return what the reports propose, for every song that has a title and an artist."""
    return [
        Confirmed(
            position,
            frozenset(
                Part(part) for part, found in report["parts"].items() if found["verdict"] == "for"
            ),
            frozenset(Part(part) for part, found in report["parts"].items() if found["not_needed"]),
        )
        for position, report in reports.items()
        if report["title"] and report["artist"]
    ]


def credited(report: Mapping[str, Any], names: Collection[str]) -> frozenset[Part]:
    """Return the parts for which the files name a user, who has these charter names.

    A part without a charter of its own is the whole song's. Names are compared as a whole: a list
    of several people is none of them.
    """
    own = {name.casefold() for name in names}
    return frozenset(
        Part(part)
        for part, found in report["parts"].items()
        if (found.get("charter") or report["charter"]).casefold() in own
    )


def _position(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 4 and int(value) < MOST_SONGS):  # noqa: PLR2004
        raise Invalid(song=NOT_THERE)
    return int(value)


def _by_song(values: Sequence[str], field: str) -> dict[int | None, set[Part]]:
    found: dict[int | None, set[Part]] = {}
    for value in values:
        song, is_pair, name = value.rpartition(":")
        if name not in set(Part):
            raise Invalid(**{field: UNKNOWN_PART})
        found.setdefault(_position(song) if is_pair else None, set()).add(Part(name))
    return found
