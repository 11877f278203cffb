"""An import, watched from its file to its undoing."""

from __future__ import annotations

import re
from threading import Semaphore, Thread

import pytest
from playwright.sync_api import expect

from tests.support.watching import STANDING
from trackflow_web.domain.imports import steps

CSV = "title,artist\nOne,Metallica\nHurt,Johnny Cash\nCreep,Radiohead\nOne,Metallica\n"
SECONDS_TO_WAIT = 20
AT_ONCE = """
document.querySelector('form[enctype="multipart/form-data"]').insertAdjacentHTML(
    "beforeend", '<input type="hidden" name="start" value="1">')
"""
BETWEEN_POLLS = 1000  # ms, as imports/show.html has it


class JobByHand:
    """Runs queued jobs in a thread that stops before each comparison of two rows."""

    def __init__(self, app, monkeypatch):
        self.stopped, self.may_go = Semaphore(0), Semaphore(0)
        self.jobs = app.extensions["trackflow.jobs"]
        self.thread = Thread(target=self._run, daemon=True)
        compare = steps.compare

        def stop_first(*args):
            self.stopped.release()
            assert self.may_go.acquire(timeout=SECONDS_TO_WAIT)
            return compare(*args)

        monkeypatch.setattr(steps, "compare", stop_first)
        monkeypatch.setattr(steps, "ROWS_A_STEP", 2)

    def begin(self):
        self.thread.start()
        self._wait()

    def go_on(self):
        """Compare two rows."""
        self.may_go.release()
        self._wait()

    def end(self):
        """Find nothing more to compare, and write."""
        self.may_go.release()
        self.thread.join(SECONDS_TO_WAIT)
        assert not self.thread.is_alive()

    def run(self):
        """Run queued jobs without a stop before the next comparison."""
        self.may_go.release()
        thread = Thread(target=self._run, daemon=True)
        thread.start()
        thread.join(SECONDS_TO_WAIT)
        assert not thread.is_alive()

    def _wait(self):
        assert self.stopped.acquire(timeout=SECONDS_TO_WAIT)

    def _run(self):
        self.jobs.run_due()
        self.jobs.close()


@pytest.fixture
def app(make_app):
    """An application whose jobs wait in the queue."""
    return make_app(JOBS="worker")


@pytest.fixture
def job(app, monkeypatch):
    return JobByHand(app, monkeypatch)


@pytest.fixture
def poll(page):
    """`poll()`: a second passes on the page; returns the number of polls so far."""
    asked = []

    def note(request):
        # The bell asks, too.
        if "hx-request" in request.headers and "/imports/" in request.url:
            asked.append(1)

    page.on("request", note)

    def wait():
        # The page polls within this second, and has settled after it.
        page.clock.run_for(BETWEEN_POLLS)
        page.wait_for_load_state("networkidle")
        page.clock.run_for(100)
        return len(asked)

    return wait


def test_alice_watches_an_import_and_undoes_it(page, alice, let_in, job, poll):
    let_in(page, alice)
    page.clock.install(time=0)
    page.goto("/imports/")
    page.clock.pause_at(60_000)
    road = {"name": "road.csv", "mimeType": "text/csv", "buffer": CSV.encode()}
    page.get_by_label("File", exact=True).set_input_files(road)
    # Without a preview, whose rows are compared before the job starts.
    page.evaluate(AT_ONCE)
    page.get_by_role("button", name="Preview import").click()

    expect(page).to_have_url(re.compile(r"/imports/\d+$"))
    expect(page.locator("h1")).to_have_text("road")
    page.evaluate("window.sameDocument = true")
    standing = page.locator("#import")
    bar = standing.get_by_role("progressbar", name="Progress of the import")
    expect(standing).to_contain_text("Queued…")
    assert poll() == 1
    expect(standing).to_contain_text("Queued…")

    job.begin()
    seen = []
    for polls, compared in ((2, "0 of 4"), (3, "2 of 4"), (4, "4 of 4")):
        assert poll() == polls
        expect(standing).to_contain_text(f"{compared} rows compared")
        seen.append(bar.evaluate("bar => bar.position"))
        if compared != "4 of 4":
            job.go_on()
    assert seen == sorted(set(seen))
    assert seen[-1] < 1
    expect(page.locator(STANDING)).to_have_count(0)

    job.end()
    polls = poll()
    expect(standing).to_have_attribute("data-state", "done")
    expect(standing.locator(".figure dd")).to_have_text(["4", "3", "1"])
    expect(page.locator(STANDING)).to_have_count(1)
    expect(page.locator(STANDING)).to_have_attribute("data-toast", "summary")
    assert [poll(), poll(), poll()] == [polls] * 3  # polling has ended
    assert page.evaluate("window.sameDocument")

    page.get_by_role("button", name="Undo this import").click()
    expect(page.locator(".notice")).to_have_text("Removing 3 songs.")
    expect(standing).to_contain_text("0 of 3 songs removed.")
    job.run()
    polls = poll()
    expect(standing).to_have_attribute("data-state", "undone")
    assert poll() == polls
    page.goto("/songs/")
    expect(page.locator("#song-rows > li")).to_have_count(0)


def test_alice_reviews_the_preview_of_an_import_and_starts_it(page, alice, let_in, job):
    let_in(page, alice)
    page.goto("/imports/")
    road = {"name": "road.csv", "mimeType": "text/csv", "buffer": CSV.encode()}
    page.get_by_label("File", exact=True).set_input_files(road)
    page.get_by_role("button", name="Preview import").click()
    standing = page.locator("#import")
    expect(standing).to_have_attribute("data-state", "preview")
    expect(standing.locator("[data-preview]")).to_have_text(["3", "1", "0"])
    page.get_by_role("button", name="Import 3 songs").click()
    expect(standing).to_have_attribute("data-state", "queued")
    job.run()
    expect(standing).to_have_attribute("data-state", "done")
