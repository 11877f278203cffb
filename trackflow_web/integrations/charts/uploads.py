"""The songs in uploaded files: folders in a zip, loose files, `.sng`.

Only `song.ini` and the notes are opened. Audio is known by its name alone, and nothing is written
under a name from an upload.
"""

from __future__ import annotations

import unicodedata
import zipfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, cast

from trackflow_web.integrations.charts import members, sng, song_ini
from trackflow_web.integrations.charts.members import BROKEN_ZIP, DAMAGED, Member, SkipBudget
from trackflow_web.integrations.charts.model import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from typing import IO, BinaryIO

# Bytes of an upload, of one opened file, and of all opened files of an upload.
MOST_BYTES = 200 * 1024 * 1024
MOST_OF_A_FILE = 16 * 1024 * 1024
MOST_IN_ALL = 128 * 1024 * 1024
MOST_SONGS = 500
MOST_ENTRIES = 20_000
# Bytes of a zip's directory, which is read as a whole before anything can be counted.
LARGEST_DIRECTORY = 4 * 1024 * 1024
LONGEST_FILE_NAME = 300
MOST_NAMES = 200
INI = "song.ini"
# The order in which they count; only MIDI files can hold pro keys, harmonies and animations.
NOTES = ("notes.mid", "notes.midi", "notes.chart")
NOTES_ENDINGS = (".mid", ".midi", ".chart")
END_OF_DIRECTORY = b"PK\x05\x06"
# What points to the directory of a zip with more entries or bytes than an upload may have.
ZIP64, ZIP64_LOCATOR_BYTES = b"PK\x06\x07", 20
TOO_MANY_ENTRIES = f"This zip has too many files. The limit is {MOST_ENTRIES:,}."
TOO_LARGE = f"It's larger than {MOST_OF_A_FILE // 1024 // 1024} MB."
TOO_MUCH = "The upload is too large in all. Send fewer songs at once."
NOT_A_ZIP = "This zip file can't be read. Try making it again."


class Upload(NamedTuple):
    """An uploaded file: its name, perhaps with folders, its content and its size in bytes."""

    name: str
    stream: BinaryIO
    size: int


@dataclass
class Found:
    """The files of one song: base names in lower case, metadata, the notes, and what is wrong."""

    folder: str
    names: tuple[str, ...]
    ini: song_ini.SongIni = field(default_factory=song_ini.SongIni)
    has_ini: bool = False
    notes_name: str = ""
    notes: bytes | None = None
    problems: list[str] = field(default_factory=list)


class _Budget:
    """How many bytes may still be read of an upload."""

    def __init__(self) -> None:
        self.left = MOST_IN_ALL
        self.skipped = SkipBudget()

    def read(self, stream: IO[bytes]) -> bytes:
        """Read a file within its limit and that of the upload. Raises Unreadable."""
        content = stream.read(min(MOST_OF_A_FILE, self.left) + 1)
        if len(content) > MOST_OF_A_FILE:
            raise Unreadable(TOO_LARGE)
        if len(content) > self.left:
            raise Unreadable(TOO_MUCH)
        self.left -= len(content)
        return content


def songs_of(uploads: Sequence[Upload]) -> Iterator[Found]:
    """Yield the songs of uploaded files, at most MOST_SONGS. Raises Unreadable for a broken zip."""
    budget, loose, made = _Budget(), [], 0
    for upload in uploads:
        ending = PurePosixPath(upload.name.lower()).suffix
        if ending == ".zip":
            found = _of_zip(upload, budget)
        elif ending == ".sng":
            found = iter([_of_sng(upload.name, upload.stream, upload.size, budget)])
        else:
            loose.append(upload)
            continue
        for song in found:
            if made == MOST_SONGS:
                return
            made += 1
            yield song
    readers = [(upload.name, _reader(upload, budget)) for upload in loose]
    for song in _by_folder(readers):
        if made == MOST_SONGS:
            return
        made += 1
        yield song


def _reader(upload: Upload, budget: _Budget) -> Callable[[], bytes]:
    return lambda: budget.read(upload.stream)


# --- folders -----------------------------------------------------------------------------------


def _by_folder(files: Iterable[tuple[str, Callable[[], bytes]]]) -> Iterator[Found]:
    """Yield a song for each folder with notes or a `song.ini`; a file is read when needed."""
    folders: dict[str, dict[str, Callable[[], bytes]]] = {}
    for name, read in files:
        path = _safe_path(name)
        if path is not None:
            inside = folders.setdefault(str(path.parent), {})
            if len(inside) < MOST_NAMES or _matters(path.name):
                inside[path.name.lower()] = read
    # A package beside the folder, `song_rb3con`, is evidence for the folder.
    for folder, inside in folders.items():
        if not any(_matters(name) for name in inside):
            continue
        name = PurePosixPath(folder).name
        beside = [
            other
            for other in folders.get(str(PurePosixPath(folder).parent), {})
            if folder != "." and name and other.startswith(name.lower())
        ]
        yield _song(name, inside, beside)


def _song(folder: str, inside: dict[str, Callable[[], bytes]], beside: list[str]) -> Found:
    found = Found(folder[:LONGEST_FILE_NAME], (*sorted(inside), *beside[:MOST_NAMES]))
    if INI in inside:
        try:
            found.ini, found.has_ini = song_ini.read(inside[INI]()), True
        except Unreadable as problem:
            found.problems.append(f"{INI}: {problem}")
    notes = _notes_among(inside)
    if notes:
        found.notes_name = notes
        try:
            found.notes = inside[notes]()
        except Unreadable as problem:
            found.problems.append(f"{notes}: {problem}")
    return found


def _notes_among(names: Iterable[str]) -> str:
    """Return the file of notes that counts; empty without one."""
    known = sorted(name for name in names if name.endswith(NOTES_ENDINGS))
    exact = [name for name in NOTES if name in known]
    by_kind = sorted(known, key=lambda name: name.endswith(".chart"))
    return next(iter(exact or by_kind), "")


def _matters(name: str) -> bool:
    lower = name.lower()
    return lower == INI or lower.endswith(NOTES_ENDINGS)


def _safe_path(name: str) -> PurePosixPath | None:
    """Return the path of a file in an upload; None for what no folder of songs contains."""
    path = PurePosixPath(unicodedata.normalize("NFC", name[:LONGEST_FILE_NAME]).replace("\\", "/"))
    parts = path.parts
    if not parts or path.is_absolute() or ".." in parts or ":" in parts[0]:
        return None
    if "__MACOSX" in parts or path.name.startswith("._") or any(map(_is_control, name)):
        return None
    return path


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"}


# --- packed ------------------------------------------------------------------------------------


def _of_zip(upload: Upload, budget: _Budget) -> Iterator[Found]:
    _check_directory(upload)
    try:
        archive = zipfile.ZipFile(upload.stream)
    except BROKEN_ZIP:
        raise Unreadable(NOT_A_ZIP) from None
    with archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise Unreadable(TOO_MANY_ENTRIES)
        files = [
            (entry.filename, _member(archive, entry, budget))
            for entry in entries
            if not entry.is_dir()
        ]
        folders = set()
        for song in _by_folder(files):
            folders.add(song.folder.lower())
            yield song
        for entry in entries:
            if _is_single_sng(entry, folders):
                yield _packed_sng(archive, entry, budget)


def _is_single_sng(entry: zipfile.ZipInfo, folders: AbstractSet[str]) -> bool:
    """Return whether an entry is a song by itself, not a package of a folder beside it."""
    path = _safe_path(entry.filename)
    if path is None or entry.is_dir() or path.suffix.lower() != ".sng":
        return False
    return folders.isdisjoint({str(path.parent).lower(), str(path.with_suffix("")).lower()})


def _packed_sng(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget) -> Found:
    """Read a `.sng` inside a zip: its head and its notes."""
    try:
        members.check(entry)
        with archive.open(entry) as stream:
            member = Member(stream, budget.skipped)
            return _of_sng(entry.filename, cast("BinaryIO", member), entry.file_size, budget)
    except BROKEN_ZIP:
        problem = DAMAGED
    except Unreadable as refusal:
        problem = str(refusal)
    stem = PurePosixPath(entry.filename).name[:LONGEST_FILE_NAME]
    return Found(stem, (stem.lower(),), problems=[problem])


def _member(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget
) -> Callable[[], bytes]:
    def read() -> bytes:
        members.check(entry)
        try:
            with archive.open(entry) as stream:
                return budget.read(stream)
        except BROKEN_ZIP:
            raise Unreadable(DAMAGED) from None

    return read


def _check_directory(upload: Upload) -> None:
    """Check the size of a zip's directory before it is read. Raises Unreadable."""
    upload.stream.seek(max(upload.size - 66_000, 0))
    tail = upload.stream.read(66_000)
    at = tail.rfind(END_OF_DIRECTORY)
    if at < 0 or len(tail) < at + 22:
        raise Unreadable(NOT_A_ZIP)
    # zipfile takes the size of the directory from there, whatever the normal end says.
    is_zip64 = at >= ZIP64_LOCATOR_BYTES and tail[at - ZIP64_LOCATOR_BYTES :].startswith(ZIP64)
    if is_zip64 or int.from_bytes(tail[at + 12 : at + 16], "little") > LARGEST_DIRECTORY:
        raise Unreadable(TOO_MANY_ENTRIES)
    upload.stream.seek(0)


def _of_sng(name: str, stream: BinaryIO, size: int, budget: _Budget) -> Found:
    stem = PurePosixPath(name.replace("\\", "/")).name[:LONGEST_FILE_NAME]
    found = Found(PurePosixPath(stem).stem, (stem.lower(),))
    try:
        packed = sng.open_sng(stream, size)
    except Unreadable as problem:
        found.problems.append(str(problem))
        return found
    names = {entry.name.lower(): entry for entry in packed.entries if _safe_path(entry.name)}
    found.names += tuple(sorted(names))[:MOST_NAMES]
    found.ini, found.has_ini = song_ini.bounded(packed.metadata), True
    found.notes_name = _notes_among(names)
    if found.notes_name:
        try:
            found.notes = packed.read(
                names[found.notes_name], most=min(MOST_OF_A_FILE, budget.left)
            )
            budget.left -= len(found.notes)
        except Unreadable as problem:
            found.problems.append(str(problem))
    return found
