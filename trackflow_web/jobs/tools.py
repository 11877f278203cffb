"""What jobs work with; the application is put together elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trackflow_web.domain.imports.ports import Spotify, Vault
from trackflow_web.domain.mail.ports import Mailer
from trackflow_web.kernel.events import Handler


@dataclass(frozen=True)
class Tools:
    """Who hears of facts, and the ways to the outside; no Spotify where none is set up."""

    handlers: Sequence[Handler]
    vault: Vault
    spotify: Spotify | None
    mailer: Mailer | None
    # Signs the links in mails.
    secret: str
