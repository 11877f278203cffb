"""What jobs work with; the application is put together elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trackflow_web.domain.imports.ports import Spotify, Vault
from trackflow_web.kernel.unit_of_work import Listener


@dataclass(frozen=True)
class Tools:
    """Who hears of facts, and the ways to the outside; no Spotify where none is set up."""

    listeners: Sequence[Listener]
    vault: Vault
    spotify: Spotify | None
