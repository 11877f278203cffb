"""Niceness of what runs in sessions of its own.

Linux may share the processor among sessions first (autogroups): niceness then counts only within
one, unless it is given to the session, too.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def give_to_session(pid: int, nice: int | None = None) -> None:
    """Give the session of a process this niceness, or ours, where that exists and is permitted."""
    wanted = os.getpriority(os.PRIO_PROCESS, 0) if nice is None else nice
    if wanted:
        with suppress(OSError):
            Path(f"/proc/{pid}/autogroup").write_text(str(wanted), encoding="ascii")
