"""A library of chart files becomes songs: chosen as a zip, as a folder, or dropped."""

from __future__ import annotations

import base64
import re
from threading import Thread

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from tests.support import charts
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.songs.models import Song
from trackflow_web.integrations.charts import scans
from trackflow_web.kernel.database import db

SECONDS_TO_WAIT = 20
FULL_BANDS = 22  # more than are read in the request
PROVEN = 13  # all parts but fake_ending and compile
AUDIO = b"OggS" + bytes(5000)


def library():
    """A library as they are: full bands, a guitar chart, a sketch, and what no program reads."""
    files: dict[str, bytes | str] = {
        "Library/Johnny Cash - Hurt/notes.chart": charts.chart(),
        "Library/Johnny Cash - Hurt/song.ogg": AUDIO,
        "Library/Radiohead - Creep (Alice)/song.ini": "\ufeff[Song]\r\nName = Creep\r\n"
        "Artist = Radiohead\r\nyear = , 1992\r\ndiff_keys = -1\r\n",
        "Library/Radiohead - Creep (Alice)/notes.mid": charts.midi(
            charts.track("PART DRUMS", charts.notes(96, times=3))
        ),
        "Library/.DS_Store": b"x",
        "__MACOSX/Library/._song.ini": b"x",
    }
    for at in range(FULL_BANDS):
        folder = f"Library/Artist {at} - Song {at} (Alice)"
        files[f"{folder}/song.ini"] = f"[Song]\nname=Song {at}\nartist=Artist {at}\n"
        files[f"{folder}/notes.mid"] = charts.full_band()
        for stem in ("song", "guitar", "drums_1", "vocals"):
            files[f"{folder}/{stem}.ogg"] = AUDIO
    return files


def parts_of(app, person):
    """The parts of a user's songs that are done, and those not needed, by title."""
    rows = sa.select(Song.title, SongPart.part, SongPart.state).join(
        SongPart, SongPart.song_id == Song.id
    )
    found = {}
    with app.app_context():
        for title, part, state in db.session.execute(rows.where(Song.user_id == person.id)):
            found.setdefault(title, {"done": set(), "skip": set()})[state].add(part)
    return found


def in_a_thread(act):
    """Playwright has an event loop in this one."""
    thread = Thread(target=act, daemon=True)
    thread.start()
    thread.join(SECONDS_TO_WAIT)
    assert not thread.is_alive()


def expect_library(app, page, person):
    expect(page.locator(".notices")).to_contain_text(f"{FULL_BANDS + 2} songs added.")
    found = []
    in_a_thread(lambda: found.append(parts_of(app, person)))
    (parts,) = found
    assert len(parts) == FULL_BANDS + 2
    full = [parts[f"Song {at}"] for at in range(FULL_BANDS)]
    assert all(len(each["done"]) == PROVEN and not each["skip"] for each in full)
    assert parts["Hurt"] == {"done": {"midi", "tempo_map", "guitar", "overdrive"}, "skip": set()}
    assert parts["Creep"] == {"done": {"midi"}, "skip": {"keys"}}


@pytest.fixture
def app(make_app):
    return make_app(JOBS="worker")


@pytest.fixture
def read(app):
    """`read()` runs the job that reads what was uploaded."""
    jobs = app.extensions["trackflow.jobs"]

    def run():
        jobs.run_due()
        jobs.close()

    return lambda: in_a_thread(run)


@pytest.fixture
def form(page, alice, let_in):
    let_in(page, alice)
    page.goto("/imports/charts")
    return page


def add_all(page, read):
    expect(page.locator("#charts progress")).to_be_visible()
    read()
    page.get_by_role("button", name=f"Add all {FULL_BANDS + 2} songs as proposed").click()


def test_a_zip_of_a_library_becomes_songs_in_two_clicks(app, form, alice, read):
    content = charts.zipped(library())
    form.get_by_label("Files", exact=True).set_input_files(
        {"name": "Library.zip", "mimeType": "application/zip", "buffer": content}
    )
    form.get_by_role("button", name="Read files").click()
    add_all(form, read)
    expect_library(app, form, alice)


def test_a_chosen_folder_is_sent_without_its_audio_and_added_in_one_click(
    app, form, alice, read, tmp_path, monkeypatch
):
    sizes, read_upload = {}, scans.read_upload

    def note_sizes(files):
        sizes.update({file.name: file.size for file in files})
        return read_upload(files)

    monkeypatch.setattr(scans, "read_upload", note_sizes)
    for name, content in library().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    form.locator("#folder").set_input_files(tmp_path / "Library")
    expect(form).to_have_url(re.compile(r"/imports/charts/\d+$"))
    expect(form.locator("h1")).to_have_text("Library")
    assert {size for name, size in sizes.items() if name.endswith(".ogg")} == {0}
    add_all(form, read)
    expect_library(app, form, alice)


DROP = """
async ([name, text]) => {
    const files = new DataTransfer();
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    files.items.add(new File([bytes], name));
    document.querySelector(".scan-drop").dispatchEvent(
        new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true })
    );
}
"""


def test_a_dropped_zip_is_read_at_once(app, form, alice):
    files = {"One/song.ini": charts.INI, "One/notes.mid": charts.full_band()}
    content = base64.b64encode(charts.zipped(files)).decode()
    form.evaluate(DROP, ["One.zip", content])
    expect(form).to_have_url(re.compile(r"/imports/charts/\d+$"))
    form.get_by_role("button", name="Add this song").click()
    expect(form).to_have_url(re.compile(r"/songs/\d+$"))
    expect(form.locator("h1")).to_contain_text("One")
