"""`make cluster`: several web servers behind nginx are one site."""

from __future__ import annotations

import importlib
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


@pytest.mark.tools
def test_every_runbook_that_is_tried_is_documented():
    runbooks = importlib.import_module("scripts.cluster_runbooks").RUNBOOKS
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert [name for name in runbooks if f"`{name}`" not in text.partition("## Runbooks")[2]] == []
