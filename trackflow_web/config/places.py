"""Places in the file system: what is made on first use, the security log, failpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trackflow_web.config.values import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


# With these nothing needs the folder.
NOTHING_IS_MADE_WITH = ("SECRET_KEY", "DATABASE_URL")


def instance_path(environ: Mapping[str, str], root: Path) -> Path:
    """Return the folder for what is made on first use.

    It is made when something may be: for a read-only image with its own key and database it is not.
    """
    path = Path(environ.get("INSTANCE_PATH") or root / "instance")
    if all(environ.get(name) for name in NOTHING_IS_MADE_WITH) and not path.exists():
        return path
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"INSTANCE_PATH is {str(path)!r}, which cannot be a folder: {error.strerror}."
        raise ConfigError(message) from None
    return path


def events_archive(environ: Mapping[str, str], instance: Path) -> Path:
    """Return the folder for archives of events; the job that needs it makes it."""
    return Path(environ.get("EVENTS_ARCHIVE") or instance / "events").absolute()


def faults(environ: Mapping[str, str], *, production: bool) -> Path | None:
    """Return the folder of failpoints, which tests alone use."""
    given = environ.get("FAULTS", "")
    if given and production:
        message = "FAULTS lets processes die on purpose, for tests: never in production."
        raise ConfigError(message)
    if given and not Path(given).is_dir():
        message = f"FAULTS is {given!r}; it must be a folder."
        raise ConfigError(message)
    return Path(given) if given else None


def security_log(environ: Mapping[str, str], *, production: bool) -> str:
    """Return `off`, `stderr`, or a file, whose folder must be there."""
    value = environ.get("SECURITY_LOG") or ("stderr" if production else "off")
    path = Path(value).absolute()
    if value not in {"off", "stderr"} and (path.is_dir() or not path.parent.is_dir()):
        message = f"SECURITY_LOG is {value!r}; it must be off, stderr or a file in a folder."
        raise ConfigError(message)
    return value
