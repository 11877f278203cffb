"""A process that dies between an award and its toast, or several that race: shown, and once."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.charter import Charter

ROOT = Path(__file__).parents[2]
SECONDS_TO_DIE = 60
DIED = 9

# Alice adds a song in another process, which dies there and then. Its clock is the machine's.
DYING = """
import os, sys
from tests.support.browsing import Browser
from tests.support.people import PASSWORD
from tests.support.settings import settings_for
from trackflow_web import create_app
from trackflow_web.achievements import toasts as waiting
from trackflow_web.kernel import unit_of_work
from trackflow_web.pages import toasts

url, where, htmx = sys.argv[1], sys.argv[2], sys.argv[3] == "htmx"

def die(*_arguments, **_options):
    os._exit(9)

commit = unit_of_work.commit

def commit_and_die():
    commit()
    die()

alice = Browser(create_app(settings_for(url)))
alice.sign_in("alice", PASSWORD)
alice.token()
if where == "before the commit":
    unit_of_work.commit = die
elif where == "after the commit":
    unit_of_work.commit = commit_and_die
elif where == "after the claim":
    toasts.render_template = die
elif where == "after the answer":
    waiting.confirm = die
alice.post("/songs/", htmx=htmx, title="One", artist="Metallica")
"""


@pytest.fixture
def alice_dies(app, alice, database_url):
    """`alice_dies("after the claim", htmx=True)`: Alice's process, up to there."""

    def die(where, *, htmx):
        done = run(DYING, database_url, where, "htmx" if htmx else "form")
        done.wait(SECONDS_TO_DIE)
        assert done.returncode == DIED
        return Charter(app, alice)

    return die


def run(program, *arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, **options)


def later(clock, **distance):
    """Let the program's clock be the machine's, moved on."""
    clock.set(datetime.now(UTC) + timedelta(**distance))


@pytest.mark.both_databases
def test_dying_after_the_commit_of_a_form_shows_it_on_the_next_page(alice_dies, as_alice):
    work = alice_dies("after the commit", htmx=False)
    assert work.codes == ["dreamer"]
    assert as_alice.get("/songs/").toasts() == ["dreamer"]
    assert as_alice.get("/songs/").toasts() == []


@pytest.mark.both_databases
def test_dying_after_the_claim_shows_it_once_the_claim_has_run_out(alice_dies, clock, as_alice):
    work = alice_dies("after the claim", htmx=True)
    assert work.codes == ["dreamer"]
    assert work.number("total_points") == 10
    later(clock, seconds=2)
    assert as_alice.get("/songs/").toasts() == ["dreamer"]
    later(clock, seconds=10)
    assert as_alice.get("/songs/").toasts() == []


def test_dying_before_the_commit_leaves_nothing_half_done(alice_dies, as_alice):
    work = alice_dies("before the commit", htmx=True)
    assert (work.codes, work.number("total_songs")) == ([], 0)
    page = as_alice.post("/songs/", htmx=True, title="One", artist="Metallica")
    assert page.toasts() == ["dreamer"]


def test_dying_before_it_is_noted_that_it_was_shown_shows_it_rather_twice(
    alice_dies, clock, as_alice
):
    alice_dies("after the answer", htmx=True)
    later(clock, seconds=2)
    assert as_alice.get("/songs/").toasts() == ["dreamer"]


RACING = """
import sys
from tests.support.charter import Charter
from tests.support.people import Person
from tests.support.settings import settings_for
from trackflow_web import create_app

url, user_id, number = sys.argv[1:]
alice = Charter(create_app(settings_for(url)), Person(int(user_id), "alice", ""))
print("ready", flush=True)
sys.stdin.readline()
alice.add(f"Process {number}")
"""


def test_processes_at_one_threshold_give_one_award(app, alice, as_alice, database_url):
    work = Charter(app, alice)
    work.add_many(3)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racing = [run(RACING, database_url, str(alice.id), str(n), **pipes) for n in range(2)]
    assert [process.stdout.readline() for process in racing] == ["ready\n"] * 2
    for process in racing:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in racing:
        process.communicate(timeout=SECONDS_TO_DIE)
    assert [process.returncode for process in racing] == [0, 0]
    assert work.codes == ["dreamer", "visionary"]
    assert work.number("total_songs") == 5
    assert as_alice.get("/songs/").toasts() == ["dreamer", "visionary"]
