"""The event handler that keeps replicas from showing what has just been hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.kernel import cache_versions
from trackflow_web.kernel.events import Event, Handler

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from trackflow_web.kernel.event_types import Payload


def handler(
    hiding: Collection[type[Payload]], *, if_so: Callable[[Payload], bool] = lambda _: False
) -> Handler:
    """Return a handler that steps the version of what is visible for events of these types.

    `if_so` says it of payloads of other types.
    """

    def handle(events: Sequence[Event]) -> None:
        payloads = [event.payload for event in events]
        if any(type(each) in hiding or if_so(each) for each in payloads):
            cache_versions.hide()

    return Handler("replicas", handle=handle, reconcile=handle)
