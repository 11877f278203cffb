"""`make cluster`: several web servers behind nginx are one site."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.web_server import ROOT


@pytest.mark.postgresql
def test_the_cluster_passes_every_check():
    done = subprocess.run(
        [sys.executable, "-m", "scripts.cluster", "--check", "--small"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok  ") == len(done.stdout.splitlines())
    for part in ("rolling reload", "Secure", "Strict-Transport-Security", "page of the site only"):
        assert part in done.stdout
