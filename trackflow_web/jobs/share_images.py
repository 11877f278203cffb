"""The job that renders the image of a public page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.adapters.rendering import rendered
from trackflow_web.domain.share_images import actions
from trackflow_web.integrations.share_images import cards, shown
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from trackflow_web.domain.share_images.models import Kind
    from trackflow_web.jobs.tools import Tools

# Pixels, as previews want it.
WIDTH = 1200


def run(kind: Kind, subject_id: int, tools: Tools) -> None:
    """Render the image of a page, if visitors see it and it shows something new.

    May be repeated at any point. The attempt is counted first, because rendering may kill the
    worker; nothing is rendered inside a transaction.
    """
    with unit_of_work(tools.handlers):
        card = cards.card_of(kind, subject_id)
        if card is None:
            actions.withdraw_pages(kind, [subject_id])
            return
        image = actions.acquire(kind, subject_id, card.by.user_id, card.digest)
        pictures = cards.pictures_of(card) if image else {}
    if image is None:
        return
    content = rendered(tools.draw(card, pictures), WIDTH)
    with unit_of_work(tools.handlers):
        actions.finish(*image, digest=card.digest, image=content)


def prune(tools: Tools) -> int:
    """Delete images that are not needed any more; return how many."""
    total = 0
    while True:
        with unit_of_work(tools.handlers):
            deleted = shown.prune()
        total += deleted
        if not deleted:
            return total
