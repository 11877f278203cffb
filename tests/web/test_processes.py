"""Processes that reach the same threshold at the same moment: one award, shown once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.charter import Charter

ROOT = Path(__file__).parents[2]
SECONDS_TO_END = 60

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


def racer(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", RACING, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.both_databases
def test_processes_reaching_one_threshold_at_once_grant_one_award(
    app, alice, as_alice, database_url
):
    work = Charter(app, alice)
    work.add_many(3)
    racing = [racer(database_url, alice.id, number) for number in range(2)]
    assert [process.stdout.readline() for process in racing] == ["ready\n"] * 2
    for process in racing:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in racing:
        process.communicate(timeout=SECONDS_TO_END)
    assert [process.returncode for process in racing] == [0, 0]
    assert work.codes == ["dreamer", "visionary"]
    assert work.number("total_songs") == 5
    assert as_alice.get("/songs/").toasts() == ["dreamer", "visionary"]
