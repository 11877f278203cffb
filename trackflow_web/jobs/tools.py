"""The dependencies that the composition root passes to jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trackflow_web.domain.imports.ports import Spotify, Vault
from trackflow_web.domain.mail.ports import Mailer
from trackflow_web.domain.webhooks.ports import Sender
from trackflow_web.integrations.share_images.cards import Card
from trackflow_web.jobs.events import Archiving
from trackflow_web.kernel.events import Handler


@dataclass(frozen=True)
class Tools:
    """Event handlers, and adapters to other servers; no Spotify where none is configured."""

    handlers: Sequence[Handler]
    vault: Vault
    spotify: Spotify | None
    mailer: Mailer | None
    # Returns the SVG of a share image, from what it shows and uploaded pictures by digest.
    draw: Callable[[Card, Mapping[str, bytes]], str]
    sender: Sender
    # Signs the links in mails.
    secret: str
    archiving: Archiving
    newcomer_days: int = 0
    # For links; empty where it is that of requests.
    site_url: str = ""
