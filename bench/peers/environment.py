"""The virtual environment of the peers, created once and kept beside the benchmarks."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
FOLDER = HERE.parent / ".peers"


def python() -> Path:
    """Return the interpreter of the peers; install them from the registry if needed.

    Raise subprocess.CalledProcessError, with the output of pip on standard error, if that fails.
    """
    made_of = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    stamp, interpreter = FOLDER / "made-of", FOLDER / "bin" / "python"
    if stamp.exists() and stamp.read_text() == made_of:
        return interpreter
    shutil.rmtree(FOLDER, ignore_errors=True)
    print("Installing the peers ...", file=sys.stderr)
    _run(sys.executable, "-m", "venv", FOLDER)
    quietly = ("--quiet", "--disable-pip-version-check")
    _run(interpreter, "-m", "pip", "install", *quietly, "-r", REQUIREMENTS)
    stamp.write_text(made_of)
    return interpreter


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 -- written above
