"""Reject the retired terms of docs/glossary.md in code, templates, style sheets and documents."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
ROW = re.compile(r"^\| `(?P<pattern>(?:[^`])+)` \| (?P<use>[^|]+) \|$", re.MULTILINE)
SUFFIXES = {".css", ".html", ".js", ".md", ".py", ".toml", ".yaml"}
# Migrations and the changelog of a release describe the past; vendored files are not ours.
EXEMPT = (
    "docs/glossary.md",
    "tests/tooling/test_language.py",
    "migrations/versions/",
    "static/vendor/",
    "tests/browser/vendor/",
)
# Names of tables, columns and indexes stay.
STORED = re.compile(r"activities_unheard|heard_at")


def retired_terms() -> list[tuple[re.Pattern[str], str]]:
    """Return the patterns of the glossary with their replacements."""
    section = GLOSSARY.read_text(encoding="utf-8").partition("## Retired terms")[2]
    return [
        (re.compile(match["pattern"].replace(r"\|", "|")), match["use"].strip())
        for match in ROW.finditer(section)
        if match["pattern"] != "pattern"
    ]


def found_in(text: str, terms: list[tuple[re.Pattern[str], str]]) -> list[tuple[int, str, str]]:
    """Return the line number, the term and its replacement of every retired term in a text."""
    return [
        (number, match[0], use)
        for number, line in enumerate(text.splitlines(), start=1)
        for pattern, use in terms
        for match in pattern.finditer(STORED.sub("", line))
    ]


def main() -> int:
    """Print every retired term with its place; return 1 if there is any."""
    terms = retired_terms()
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 -- the git on the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [Path(name) for name in listed.stdout.splitlines() if not name.startswith(EXEMPT)]
    places = [
        f"{path}:{number}: {term!r} is retired; use: {use}"
        for path in paths
        if path.suffix in SUFFIXES and (ROOT / path).is_file()
        for number, term, use in found_in((ROOT / path).read_text(encoding="utf-8"), terms)
    ]
    print("\n".join(places) or "No retired terms.")
    return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main())
