"""The lock files pin the full closure with hashes, and are what is installed."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"^(?P<pin>\S+==[^\\\n]+?)\s*\\\n(?P<hashes>(?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE
)


def locked(name: str) -> list[Requirement]:
    """The pins of a lock file that apply to this machine, each with at least one hash."""
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = [Requirement(match["pin"]) for match in BLOCK.finditer(text)]
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pins) == len(lines), f"a line of {name} has no hash"
    return [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(pins: list[Requirement]) -> dict[str, str]:
    return {plain(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}


def declared(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_lock_contains_the_declared_requirements(name):
    pins = versions(locked(f"{name}.txt"))
    for requirement in declared(f"{name}.in"):
        assert plain(requirement.name) in pins, requirement
        assert pins[plain(requirement.name)] in requirement.specifier, requirement


def test_the_installed_versions_match_the_lock():
    pins = versions(locked("requirements.txt"))
    assert {name: metadata.version(name) for name in pins} == pins


def test_transitive_requirements_are_locked():
    pins = versions(locked("requirements.txt"))
    needed = {
        plain(Requirement(line).name)
        for name in pins
        for line in metadata.requires(name) or []
        if Requirement(line).marker is None
    }
    assert needed <= set(pins)


def test_the_development_lock_has_the_same_versions():
    development = versions(locked("requirements-dev.txt"))
    assert versions(locked("requirements.txt")).items() <= development.items()
