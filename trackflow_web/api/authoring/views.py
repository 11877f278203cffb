"""The parts of a song."""

from __future__ import annotations

from trackflow_web.api.authoring import schemas
from trackflow_web.api.core import bodies
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.domain.authoring import actions, queries
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import part_or_404, song_or_404


@api.get("/songs/<id:song_id>/parts")
@described(schemas.SongParts)
def list_parts(song_id: int) -> schemas.SongParts:
    """List the parts of a song, in the order of the work."""
    return _parts_of(song_or_404(song_id, may="work").id)


@api.post("/songs/<id:song_id>/parts")
@described(schemas.SongParts, body=schemas.TemplateChoice)
def apply_template(song_id: int) -> schemas.SongParts:
    """Mark the parts that songs of a kind do not need; parts that are done stay done."""
    song = song_or_404(song_id, may="work")
    template = bodies.parse_body(schemas.TemplateChoice).template
    actions.apply_template(song, get_current_user(), template=template)
    return _parts_of(song.id)


@api.post("/songs/<id:song_id>/parts/<part>")
@described(schemas.SongPart, body=schemas.Mark)
def mark_part(song_id: int, part: str) -> schemas.SongPart:
    """Set a part to todo, done or not needed."""
    song, wanted = song_or_404(song_id, may="work"), part_or_404(part)
    actions.mark_part(song, wanted, get_current_user(), state=bodies.parse_body(schemas.Mark).state)
    return schemas.SongPart.of(wanted, queries.states_of(song.id)[wanted])


def _parts_of(song_id: int) -> schemas.SongParts:
    states = queries.states_of(song_id)
    return schemas.SongParts(
        items=[schemas.SongPart.of(part, state) for part, state in states.items()]
    )
