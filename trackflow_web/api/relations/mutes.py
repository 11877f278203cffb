"""Muting things and artists."""

from __future__ import annotations

from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import NO_CONTENT, api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.api.relations import schemas
from trackflow_web.domain.relations import muting
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.mutes import set_mute


@api.get("/me/muted-things")
@described(schemas.MutedThings, query=Paging)
def list_muted_things() -> schemas.MutedThings:
    """List the things and artists that you have muted, latest first."""
    found, following = pagination.piece(
        _muted_things(), lambda thing: f"{thing.kind} {thing.id or thing.artist}"
    )
    return schemas.MutedThings(items=found, next=following)


@api.put("/me/muted-things/<kind>/<path:target>")
@described(schemas.MutedThings, body=schemas.MuteUntil)
def mute_thing(kind: str, target: str) -> schemas.MutedThings:
    """Mute a song, pack, request (feature) or report (bug) by its id, or an artist by name."""
    body = bodies.parse_body(schemas.MuteUntil)
    set_mute(kind, target, wanted=True, until=body.until)
    return schemas.MutedThings(items=_muted_things(), next=None)


@api.delete("/me/muted-things/<kind>/<path:target>")
@described(None, status=204)
def unmute_thing(kind: str, target: str) -> tuple[str, int]:
    """Mute a thing or an artist no longer."""
    set_mute(kind, target, wanted=False)
    return NO_CONTENT


def _muted_things() -> list[schemas.MutedThing]:
    things = muting.things_muted_by(get_current_user().id)
    return [schemas.MutedThing.of(thing) for thing in things]
