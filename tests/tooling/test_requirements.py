"""What TrackFlow runs on is pinned to the last library, and is what is installed."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[2] / "requirements.txt"
PIN = re.compile(
    r"(?P<name>[\w.-]+)(\[\w+\])?==(?P<version>[\w.]+)(; python_version < \"[\d.]+\")?"
)
NEEDED = re.compile(r"[\w.-]+")


def pins() -> dict[str, str]:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    matches = [PIN.fullmatch(line) for line in lines if line and not line.startswith("#")]
    assert all(matches), "a line of requirements.txt is not a pin"
    return {plain(match["name"]): match["version"] for match in matches}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_installed_versions_are_the_pinned_ones():
    assert {name: metadata.version(name) for name in pins()} == pins()


def test_what_the_libraries_need_is_pinned_too():
    needed = {
        plain(NEEDED.match(requirement)[0])
        for name in pins()
        for requirement in metadata.requires(name) or []
        if ";" not in requirement
    }
    assert needed <= set(pins())
