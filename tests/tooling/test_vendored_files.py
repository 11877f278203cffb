"""The browser files that others wrote are the ones their packages hold."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("static/vendor", "tests/browser/vendor")


def manifest_of(folder: str) -> list[dict[str, str]]:
    return json.loads((ROOT / folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_has_the_digest_of_the_manifest(folder):
    for entry in manifest_of(folder):
        content = (ROOT / folder / entry["file"]).read_bytes()
        digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
        assert entry["integrity"] == f"sha384-{digest}", entry["file"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_without_a_line_in_the_manifest(folder):
    listed = {entry["file"] for entry in manifest_of(folder)} | {"manifest.json"}
    assert {path.name for path in (ROOT / folder).iterdir()} == listed


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_package_has_its_licence(folder):
    packages = {entry["package"] for entry in manifest_of(folder)}
    licensed = {entry["package"] for entry in manifest_of(folder) if "LICENSE" in entry["file"]}
    assert packages == licensed


@pytest.mark.parametrize("folder", FOLDERS)
def test_vendored_versions_match_the_lock(folder):
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    for entry in manifest_of(folder):
        assert lock["packages"][f"node_modules/{entry['package']}"]["version"] == entry["version"]


def test_the_lock_names_no_server():
    assert "://" not in (ROOT / "package-lock.json").read_text(encoding="utf-8")
