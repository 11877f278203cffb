"""The parts of a song, and templates of parts that songs do not need."""

from __future__ import annotations

from trackflow_web.api.authoring import schemas
from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import DeletedForNow, Paging
from trackflow_web.domain.authoring import actions, queries, templates
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.bulk import deletion
from trackflow_web.kernel import text
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import part_or_404, song_or_404, template_or_404


@api.get("/songs/<id:song_id>/parts")
@described(schemas.SongParts, query=Paging)
def list_parts(song_id: int) -> schemas.SongParts:
    """List the parts of a song, in the order of the work."""
    parts = _parts_of(song_or_404(song_id, may="work").id)
    found, following = pagination.piece(parts, lambda part: part.id)
    return schemas.SongParts(items=found, next=following)


@api.post("/songs/<id:song_id>/parts")
@described(schemas.SongParts, body=schemas.TemplateChoice)
def apply_template(song_id: int) -> schemas.SongParts:
    """Mark the parts that songs of a template do not need; parts that are done stay done."""
    song = song_or_404(song_id, may="work")
    template = bodies.parse_body(schemas.TemplateChoice).template
    actions.apply_template(song, get_current_user(), template=template)
    return schemas.SongParts(items=_parts_of(song.id), next=None)


@api.post("/songs/<id:song_id>/parts/<part>")
@described(schemas.SongPart, body=schemas.Mark)
def mark_part(song_id: int, part: str) -> schemas.SongPart:
    """Set a part to todo, done or not needed."""
    song, wanted = song_or_404(song_id, may="work"), part_or_404(part)
    actions.mark_part(song, wanted, get_current_user(), state=bodies.parse_body(schemas.Mark).state)
    return schemas.SongPart.of(wanted, queries.states_of(song.id)[wanted])


@api.get("/templates/")
@described(schemas.PartTemplates, query=Paging)
def list_templates() -> schemas.PartTemplates:
    """List your own part templates."""
    own = templates.templates_of(get_current_user().id)
    found, following = pagination.piece(own, lambda each: str(each.id))
    items = [schemas.PartTemplate.of(each) for each in found]
    return schemas.PartTemplates(items=items, next=following)


@api.post("/templates/")
@described(schemas.PartTemplate, status=201, body=schemas.NewTemplate)
def save_template() -> tuple[schemas.PartTemplate, int]:
    """Save a part template."""
    body = bodies.parse_body(schemas.NewTemplate)
    not_needed = {text.choice(name, "not_needed", Part) for name in body.not_needed}
    saved = templates.save_template(get_current_user(), name=body.name, not_needed=not_needed)
    return schemas.PartTemplate.of(saved), 201


@api.post("/templates/<id:template_id>/delete")
@described(DeletedForNow)
def delete_template(template_id: int) -> DeletedForNow:
    """Delete a part template; songs keep their parts."""
    outcome = deletion.delete_template(template_or_404(template_id), get_current_user())
    return DeletedForNow(deleted=template_id, undo=outcome.token)


def _parts_of(song_id: int) -> list[schemas.SongPart]:
    states = queries.states_of(song_id)
    return [schemas.SongPart.of(part, state) for part, state in states.items()]
