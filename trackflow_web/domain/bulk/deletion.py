"""Delete a pack, an album or a part template so that it can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.authoring import templates
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.bulk.actions import Outcome
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.queries import lock_songs
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.series.queries import lock_tracks
from trackflow_web.domain.undo import actions as undo
from trackflow_web.domain.undo import snapshots, steps
from trackflow_web.domain.undo.snapshots import ALBUMS, PACKS, SONGS

if TYPE_CHECKING:
    from trackflow_web.domain.authoring.models import PartTemplate
    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.series.models import Series


def delete_pack(pack: Pack, owner: User) -> Outcome:
    """Delete a pack; its songs stay, in no pack. Raises NotFound if it is already deleted."""
    pack_id, name = pack.id, pack.name
    placed = tuple(
        steps.Placed(song_id=song.id, before=pack_id, was_optional=song.is_optional, after=None)
        for song in lock_songs(pack_id)
    )
    taken = snapshots.take(PACKS, [pack_id])[pack_id]
    # The songs know their pack, so they are not links to restore as well.
    links = tuple(link for link in taken.links if link.table != SONGS)
    packs.delete_pack(pack)
    step = steps.PackDeleted(pack_id=pack_id, rows=taken.rows, links=links, songs=placed)
    return Outcome(changed=1, title=name, token=undo.keep(owner, step))


def delete_album(album: Series, owner: User) -> Outcome:
    """Delete an album; its songs stay. Raises NotFound if it is already deleted."""
    series_id, name = album.id, album.album
    lock_tracks(series_id)
    taken = snapshots.take(ALBUMS, [series_id])[series_id]
    series.delete_series(album)
    step = steps.AlbumDeleted(series_id=series_id, rows=taken.rows, links=taken.links)
    return Outcome(changed=1, title=name, token=undo.keep(owner, step))


def delete_template(template: PartTemplate, owner: User) -> Outcome:
    """Delete a part template; songs keep their parts."""
    step = steps.TemplateDeleted(
        name=template.name, not_needed=tuple(part for part in Part if part in template.parts)
    )
    outcome = Outcome(changed=1, title=template.name, token=undo.keep(owner, step))
    templates.delete_template(owner, template.id)
    return outcome
