"""The event handler that keeps replicas from showing what has just been hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.kernel import cache_versions
from trackflow_web.kernel.events import Event, Handler

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trackflow_web.kernel.event_types import Payload


def handler(hiding: Collection[type[Payload]]) -> Handler:
    """Return a handler that steps the version of what is visible for events of these types."""

    def handle(events: Sequence[Event]) -> None:
        if any(type(event.payload) in hiding for event in events):
            cache_versions.hide()

    return Handler("replicas", handle=handle, reconcile=handle)
