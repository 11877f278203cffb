"""Groups of source rows of which feed entries consist, and their keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackflow_web.community.models import Kind

# Releases of one user within such a slot of the day are one entry. A slot has fixed ends, so that
# an entry never moves past one that a reader has already seen.
SLOT = timedelta(hours=6)
DAY = timedelta(days=1)
# As many subjects of an entry are named; the rest are a number.
SUBJECTS_KEPT = 8
# How the keys of releases with collaborators begin.
JOINT = "song:"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Group:
    """An entry as its source rows have it: `subjects` are (time, id), newest first."""

    kind: Kind
    key: str
    actor_id: int
    subjects: list[tuple[datetime, int]] = field(default_factory=list)
    others: list[int] = field(default_factory=list)

    @property
    def n(self) -> int:
        """Return the number of subjects."""
        return len(self.subjects)

    @property
    def first_at(self) -> datetime:
        """Return when its oldest subject happened."""
        return self.subjects[-1][0]

    @property
    def last_at(self) -> datetime:
        """Return when its newest subject happened."""
        return self.subjects[0][0]

    @property
    def subject_id(self) -> int:
        """Return the newest subject."""
        return self.subjects[0][1]

    @property
    def subject_ids(self) -> str:
        """Return the newest subjects, between commas."""
        return ",".join(str(id_) for _, id_ in self.subjects[:SUBJECTS_KEPT])

    @property
    def people(self) -> list[int]:
        """Return its actor and collaborators."""
        return [self.actor_id, *self.others]


Groups = dict[str, Group]


# --- keys ----------------------------------------------------------------------------------------


def slot_key(user_id: int, at: datetime) -> str:
    """Return the key of the releases of a user around a moment."""
    return f"release:{user_id}:{(at - EPOCH) // SLOT}"


def day_key(user_id: int, at: datetime) -> str:
    """Return the key of the achievements of a user on a UTC day."""
    return f"achievement:{user_id}:{at.astimezone(UTC).date()}"


def song_key(user_id: int, song_id: int) -> str:
    """Return the key of the release of a song with collaborators."""
    return f"{JOINT}{user_id}:{song_id}"


def import_key(user_id: int, import_id: int) -> str:
    """Return the key of the songs that an import released."""
    return f"import:{user_id}:{import_id}"


def pack_key(user_id: int, pack_id: int) -> str:
    """Return the key of a pack."""
    return f"pack:{user_id}:{pack_id}"


def series_key(user_id: int, series_id: int) -> str:
    """Return the key of an album."""
    return f"series:{user_id}:{series_id}"


def actor_of(key: str) -> int:
    """Return whose entry has this key."""
    return int(key.split(":")[1])


def is_import(key: str) -> bool:
    """Return whether an entry with this key is about the songs of an import."""
    return key.startswith("import:")


def add_subject(
    found: Groups, kind: Kind, key: str, actor_id: int, at: datetime, subject_id: int
) -> None:
    """Add the next older subject to the group with this key."""
    group = found.setdefault(key, Group(kind, key, actor_id))
    group.subjects.append((at, subject_id))
