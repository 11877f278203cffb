"""The shapes of uploads of chart files, of their reports, and of what is confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr

from trackflow_web.api.core.schemas import StatusName
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.chart_scans import models, rules
from trackflow_web.domain.chart_scans.confirming import Confirmation
from trackflow_web.domain.chart_scans.rules import MOST_SONGS
from trackflow_web.domain.songs.rules import Status

if TYPE_CHECKING:
    from collections.abc import Collection

Parts = Annotated[
    list[StrictStr], Field(json_schema_extra={"items": {"enum": list(Part)}, "uniqueItems": True})
]


class ChartScan(BaseModel):
    """An upload of chart files."""

    id: int
    name: str
    songs: int = Field(description="How many songs were found.")
    read: int = Field(description="How many of them are read; a job reads the rest.")
    state: str = Field(description="`reading`, `read` or `failed`.")
    created_at: datetime

    @classmethod
    def of(cls, scan: models.ChartScan) -> ChartScan:
        """Return an upload."""
        state = "read" if scan.is_read else "reading" if scan.is_waiting else "failed"
        return cls(
            id=scan.id,
            name=scan.name,
            songs=scan.songs,
            read=scan.read,
            state=state,
            created_at=scan.created_at,
        )


class ChartScans(BaseModel):
    """The latest uploads, newest first; five are kept, for a week."""

    items: list[ChartScan]
    next: str | None


class Evidence(BaseModel):
    """What the files of a song say about a part."""

    part: Part
    evidence: str = Field(description="`for`, `against` or `unknown`.")
    seen: str
    not_needed: bool = Field(description="Whether the song seems to have no such part.")
    charter: str = Field(description="Who charted it, as the files say; empty if they don't.")
    credited: bool = Field(description="Whether the files name you, by one of your charter names.")


class Issue(BaseModel):
    """A finding of the release check; `name` is that of scan-chart."""

    name: str
    meaning: str


class ChartSong(BaseModel):
    """One song of an upload; `id` is its position, from 0."""

    id: int
    title: str = Field(description="Empty if nothing names it.")
    artist: str
    album: str
    year: int | None
    charter: str
    notes_name: str
    parts: list[Evidence]
    other_credits: dict[str, str] = Field(description="Charters of other work, by song.ini's key.")
    issues: list[Issue]
    problems: list[str]
    song_id: int | None = Field(description="The song that it became.")
    confirmed_at: datetime | None

    @classmethod
    def of(cls, song: models.ScannedSong, names: Collection[str]) -> ChartSong:
        """Return a song that has been read; `names` are the user's charter names."""
        report = song.report or {}
        credited = rules.credited(report, names)
        return cls(
            id=song.position,
            **{name: report[name] for name in ("title", "artist", "album", "year", "charter")},
            notes_name=report["notes_name"],
            parts=[
                Evidence(
                    part=Part(part),
                    evidence=found["verdict"],
                    seen=found["seen"],
                    not_needed=found["not_needed"],
                    charter=found.get("charter") or "",
                    credited=part in credited,
                )
                for part, found in report["parts"].items()
            ],
            other_credits=dict(report.get("other_credits", ())),
            issues=[Issue(name=name, meaning=meaning) for name, meaning in report["issues"]],
            problems=report["problems"],
            song_id=song.song_id,
            confirmed_at=song.confirmed_at,
        )


class ChartSongs(BaseModel):
    """A part of the songs of an upload that have been read, in order."""

    items: list[ChartSong]
    next: str | None


class ConfirmedSong(BaseModel):
    """What is confirmed of one song."""

    id: StrictInt = Field(json_schema_extra={"minimum": 0, "maximum": MOST_SONGS - 1})
    parts: Parts = Field([], description="The parts that are done.")
    not_needed: Parts = Field([], description="The parts that the song does without.")
    title: StrictStr = Field("", description="Instead of the one that was found.")
    artist: StrictStr = Field("", description="Instead of the one that was found.")


class ConfirmedSongs(BaseModel):
    """The songs to add, or `everything` as the reports propose it."""

    songs: list[ConfirmedSong] = Field([], json_schema_extra={"maxItems": MOST_SONGS})
    everything: StrictBool = False
    status: StatusName = Status.WIP


class Confirmed(BaseModel):
    """What confirming came to; `import_id` is the import by which it can be undone."""

    added: int
    updated: int
    import_id: int | None
    song_ids: list[int]

    @classmethod
    def of(cls, done: Confirmation) -> Confirmed:
        """Return what was done."""
        return cls(
            added=done.made,
            updated=done.updated,
            import_id=done.import_id,
            song_ids=done.song_ids,
        )
