"""Copies the browser files from node_modules and writes their digests.

To update to a newer version, change package.json, then

    npm install --ignore-scripts
    python scripts/vendor.py

Running and testing TrackFlow needs none of this: the files are in the repository,
and a test compares them with the digests written here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Folder -> its files: (package, file in the package, name here).
VENDORED = {
    "static/vendor": [
        ("htmx.org", "dist/htmx.min.js", "htmx.min.js"),
        ("htmx.org", "LICENSE", "htmx.LICENSE.txt"),
    ],
    "tests/browser/vendor": [
        ("axe-core", "axe.min.js", "axe.min.js"),
        ("axe-core", "LICENSE", "axe.LICENSE.txt"),
        ("axe-core", "LICENSE-3RD-PARTY.txt", "axe.LICENSE-3RD-PARTY.txt"),
    ],
}


def main() -> None:
    """Copy every vendored file and write one manifest.json a folder."""
    for folder, files in VENDORED.items():
        target = ROOT / folder
        target.mkdir(parents=True, exist_ok=True)
        manifest = [copy(target, *file) for file in files]
        text = json.dumps(manifest, indent=2) + "\n"
        (target / "manifest.json").write_text(text, encoding="utf-8")
        print(f"{folder}: {len(manifest)} files")


def copy(target: Path, package: str, source: str, name: str) -> dict[str, str]:
    """Copy one file; returns its line of the manifest."""
    home = ROOT / "node_modules" / package
    described = json.loads((home / "package.json").read_text(encoding="utf-8"))
    shutil.copyfile(home / source, target / name)
    return {
        "file": name,
        "package": package,
        "version": described["version"],
        "licence": described["license"],
        "integrity": digest(target / name),
    }


def digest(path: Path) -> str:
    """The SHA-384 of a file as browsers write it (subresource integrity)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


if __name__ == "__main__":
    main()
