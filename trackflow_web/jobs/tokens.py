"""A token that Spotify takes now, exchanged for a newer one when it is old."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trackflow_web.domain.imports import connections
from trackflow_web.domain.imports.connections import RECONNECT
from trackflow_web.domain.imports.ports import GrantEnded, TryLater
from trackflow_web.kernel.transactions import reading, unit_of_work

if TYPE_CHECKING:
    from trackflow_web.domain.imports.connections import Tokens
    from trackflow_web.domain.imports.ports import Grant, Spotify
    from trackflow_web.jobs.tools import Tools

# Another worker is renewing them: the wait is limited to the time it may take.
LOOKS = 60
SECONDS_BETWEEN_LOOKS = 0.25


def usable_token(user_id: int, tools: Tools, spotify: Spotify, *, refused: str = "") -> str:
    """Return an access token of the user's connection other than `refused`, which Spotify rejected.

    Raises GrantEnded if the user has to connect again, TryLater.
    """
    for _ in range(LOOKS):
        with reading():
            tokens = connections.tokens_of(user_id, tools.vault)
        if tokens.usable and tokens.access != refused:
            return tokens.access
        with unit_of_work(tools.handlers):
            ours = connections.claim_renewal(user_id)
        if ours:
            return _renew(user_id, tokens, tools, spotify).access_token
        time.sleep(SECONDS_BETWEEN_LOOKS)
    message = "Spotify can't renew the connection right now."
    raise TryLater(message)


def _renew(user_id: int, tokens: Tokens, tools: Tools, spotify: Spotify) -> Grant:
    grant = None
    try:
        grant = spotify.renew(tokens.refresh)
    except GrantEnded:
        with unit_of_work(tools.handlers):
            connections.end(user_id)
        raise GrantEnded(RECONNECT) from None
    finally:
        if grant is None:
            with unit_of_work(tools.handlers):
                connections.give_up_renewal(user_id)
    with unit_of_work(tools.handlers):
        connections.keep_renewed(user_id, grant, tools.vault)
    return grant
