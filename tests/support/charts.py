"""Chart files made for tests: MIDI tracks, `.sng` files, zips of folders."""

from __future__ import annotations

import io
import struct
import zipfile

RESOLUTION = 480
INI = "[song]\nname = One\nartist = Metallica\nalbum = Justice\nyear = 1988\ncharter = Alice\n"


def number(value: int) -> bytes:
    """A number of variable length."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def meta(kind: int, body: bytes | str, delta: int = 0) -> bytes:
    content = body.encode("latin-1") if isinstance(body, str) else body
    return number(delta) + bytes([0xFF, kind]) + number(len(content)) + content


def text(body: str, delta: int = 0) -> bytes:
    return meta(1, body, delta)


def note(pitch: int, *, delta: int = 120, length: int = 60) -> bytes:
    on = number(delta) + bytes([0x90, pitch, 100])
    return on + number(length) + bytes([0x80, pitch, 0])


def notes(*pitches: int, times: int = 1) -> bytes:
    return b"".join(note(pitch) for _ in range(times) for pitch in pitches)


def phrase(pitches: tuple[int, ...], words: str = "la") -> bytes:
    """A phrase of vocals with one word under each note."""
    inside = b"".join(meta(5, words) + note(pitch) for pitch in pitches)
    return number(120) + bytes([0x90, 105, 100]) + inside + number(10) + bytes([0x80, 105, 0])


def track(name: str, *events: bytes, end: bool = True) -> bytes:
    body = meta(3, name) + b"".join(events) + (meta(0x2F, b"") if end else b"")
    return b"MTrk" + len(body).to_bytes(4) + body


def midi(*tracks: bytes, kind: int = 1, resolution: int = RESOLUTION) -> bytes:
    head = b"MThd" + struct.pack(">IHHH", 6, kind, len(tracks), resolution)
    return head + b"".join(tracks)


def tempo(bpm: int, delta: int = 0) -> bytes:
    return meta(0x51, (60_000_000 // bpm).to_bytes(3), delta)


ALL_LANES = (96, 84, 72, 60)


def full_band() -> bytes:
    """A chart with evidence for every part that files can prove."""
    overdrive = note(116)
    return midi(
        track("tempo", tempo(120), tempo(140, 4800), meta(0x58, b"\x04\x02\x18\x08")),
        track("EVENTS", text("[section intro]", 100), text("[end]", 100_000)),
        track("BEAT", notes(12, 13)),
        track("PART GUITAR", text("[play]"), notes(*ALL_LANES, times=25), note(45), overdrive),
        track("PART BASS", notes(*ALL_LANES, times=25), overdrive),
        track("PART DRUMS", notes(*ALL_LANES, times=60), note(30), note(120), overdrive),
        track("PART KEYS", notes(*ALL_LANES, times=25), overdrive),
        track("PART REAL_KEYS_X", notes(60, 62, times=20), overdrive),
        track("PART VOCALS", phrase((60, 62, 64) * 5), overdrive),
        track("HARM1", phrase((60, 62, 64) * 5), overdrive),
        track("HARM2", phrase((55, 57, 59) * 5)),
        track("VENUE", text("[lighting (intro)]")),
    )


CHART = """[Song]
{
  Name = "Hurt"
  Artist = "Johnny Cash"
  Year = ", 2002"
  Resolution = 192
}
[SyncTrack]
{
  0 = TS 4
  0 = B 120000
  1920 = B 140000
}
[Events]
{
  768 = E "section Intro"
  9000 = E "end"
}
[ExpertSingle]
{
  768 = S 2 100
%s
}
"""


def chart(notes: int = 30) -> bytes:
    lines = "\n".join(f"  {768 + 96 * at} = N {at % 5} 0" for at in range(notes))
    return (CHART % lines).encode()


def sng(metadata: dict[str, str], files: dict[str, bytes], mask: bytes = bytes(range(16))) -> bytes:
    def masked(content: bytes) -> bytes:
        return bytes(byte ^ mask[at % 16] ^ (at & 0xFF) for at, byte in enumerate(content))

    pairs = struct.pack("<Q", len(metadata))
    for key, value in metadata.items():
        for each in (key.encode(), value.encode()):
            pairs += struct.pack("<i", len(each)) + each
    names = [(name.encode(), content) for name, content in files.items()]
    table_size = 8 + sum(1 + len(name) + 16 for name, _ in names)
    offset = 26 + 8 + len(pairs) + 8 + table_size + 8
    table = struct.pack("<Q", len(names))
    data = b""
    for name, content in names:
        table += bytes([len(name)]) + name + struct.pack("<QQ", len(content), offset + len(data))
        data += masked(content)
    head = b"SNGPKG" + struct.pack("<I", 1) + mask
    return (
        head
        + struct.pack("<Q", len(pairs))
        + pairs
        + struct.pack("<Q", len(table))
        + table
        + struct.pack("<Q", len(data))
        + data
    )


def zipped(files: dict[str, bytes | str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def library(songs: int) -> bytes:
    """A zip of that many folders, each with a full chart and the names of its stems."""
    files: dict[str, bytes | str] = {}
    for at in range(songs):
        folder = f"Library/Artist {at} - Song {at} (Alice)"
        files[f"{folder}/song.ini"] = f"[Song]\nname=Song {at}\nartist=Artist {at}\nyear=2001\n"
        files[f"{folder}/notes.mid"] = full_band()
        for stem in ("song", "guitar", "drums_1", "vocals"):
            files[f"{folder}/{stem}.ogg"] = b""
    return zipped(files)
