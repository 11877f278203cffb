"""The state of an application: settings, event handlers, jobs, counts, streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.config import Config
    from trackflow_web.credentials.keys import Issuer
    from trackflow_web.jobs.queue import Jobs
    from trackflow_web.kernel.events import Handler
    from trackflow_web.kernel.rate_limits import Recent
    from trackflow_web.notifications.streams import Streams

SETTINGS = "trackflow"
HANDLERS = "trackflow.handlers"
JOBS = "trackflow.jobs"
SEARCHES = "trackflow.searches"
STREAMS = "trackflow.streams"
IMAGES_STARTED = "trackflow.images_started"
ISSUER = "trackflow.issuer"


def settings() -> Config:
    """Return the installation's settings."""
    return cast("Config", current_app.extensions[SETTINGS])


def signing_keys() -> Sequence[str]:
    """Return the keys of signed links: the one in use, and those that are still accepted."""
    config = current_app.config
    return [config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]]


def handlers() -> Sequence[Handler]:
    """Return the event handlers, in dispatch order."""
    return cast("Sequence[Handler]", current_app.extensions[HANDLERS])


def jobs() -> Jobs:
    """Return the application's background jobs."""
    return cast("Jobs", current_app.extensions[JOBS])


def searches() -> Recent:
    """Return this process's counts of recent searches."""
    return cast("Recent", current_app.extensions[SEARCHES])


def issuer() -> Issuer | None:
    """Return the issuer of badges; None where they are off."""
    return cast("Issuer | None", current_app.extensions[ISSUER])


def streams() -> Streams:
    """Return this process's event streams."""
    return cast("Streams", current_app.extensions[STREAMS])


def images_started() -> Recent:
    """Return which jobs of share images this process has started recently."""
    return cast("Recent", current_app.extensions[IMAGES_STARTED])
