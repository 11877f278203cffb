"""Nothing needs events that may be archived."""

from __future__ import annotations

import re
from pathlib import Path

import trackflow_web

READERS = {
    "accounts/deletion.py",
    "accounts/export.py",  # says which it lacks
    "domain/streaks/actions.py",  # for a community made at once
    "kernel/event_archives.py",
    "kernel/event_archiving.py",
    "kernel/event_restoring.py",
    "kernel/events.py",  # counts pending ones
    "kernel/redelivery.py",  # delivers pending ones
}
READS = re.compile(r"\bEvent\.(id|user_id|name|subject_id|created_at|delivered_at)\b")


def test_what_reads_stored_events_is_known():
    """Before adding a reader: a month may be gone (docs/scaling.md, section 4)."""
    root = Path(trackflow_web.__file__).parent
    found = {path for path in root.rglob("*.py") if READS.search(path.read_text("utf-8"))}
    assert {str(path.relative_to(root)) for path in found} == READERS
