"""The comparison with the peers, as far as it runs without the registry that they come from."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from bench.peers import comparison, environment, workload
from bench.peers.comparison import AT_HAND, FOREIGN, OWN, QUICK, compare
from trackflow_web.achievements import metrics

FOLDER = Path(environment.__file__).parent


@pytest.fixture(scope="module")
def figures():
    return compare(AT_HAND, QUICK)


@pytest.mark.stress
def test_the_naive_programs_grant_the_same_awards_as_trackflow(figures):
    for peer in AT_HAND:
        told = figures[f"recheck of {QUICK.songs_each} songs each: {peer.name}"]
        right, wanted = re.search(r"correct awards: (\d+) of (\d+)$", told).groups()
        assert right == wanted, told
        assert int(wanted) >= 10, told


@pytest.mark.stress
def test_counting_costs_more_statements_than_trackflow_adds(figures):
    more = {
        peer.name: int(re.search(r"(\d+) statements", figures[_action(peer)])[1])
        for peer in AT_HAND
    }
    assert more.pop(OWN.name) <= 2
    assert all(statements >= 4 for statements in more.values()), more


def _action(peer):
    return f"add a song after {QUICK.songs_before[0]}, NORMAL: {peer.name}"


def test_every_metric_of_the_workload_exists_in_trackflow():
    named = {*workload.STEPS, *workload.DIFFERENT, *workload.MOVED, workload.OF_AWARDS}
    assert named <= metrics.BY_NAME.keys()


def test_the_workload_is_deterministic_per_user():
    assert list(workload.songs_of(7, 30)) == list(workload.songs_of(7, 30))
    assert list(workload.songs_of(7, 30)) != list(workload.songs_of(8, 30))


def test_every_program_is_python_and_serves():
    for peer in (*AT_HAND, *FOREIGN):
        text = (FOLDER / f"{peer.command[0]}.py").read_text(encoding="utf-8")
        ast.parse(text)
        assert "serve(" in text


def test_peers_that_cannot_be_installed_are_reported_as_not_measured(monkeypatch):
    def refuse():
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(environment, "python", refuse)
    monkeypatch.setattr(comparison, "compare", lambda peers, _sizes: {"compared": len(peers)})

    figures = comparison.measure(quick=True)

    assert figures.pop("compared") == len(AT_HAND)
    assert figures.keys() == {peer.name for peer in FOREIGN}


def test_the_peers_are_pinned():
    lines = environment.REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", pin) for pin in pins), pins
    assert {"pinax-badges", "django-gamification", "Django"} <= {pin.split("==")[0] for pin in pins}
