"""A virtual environment of the peers' own, made once and kept beside the benchmarks."""

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
    """The interpreter that has the peers; installs them from the registry when it has not.

    Raises subprocess.CalledProcessError, with what pip said on standard error, when it cannot.
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
