"""Names and codes that could be taken for those of other achievements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.lookalikes import skeleton

if TYPE_CHECKING:
    from trackflow_web.achievements.catalogue.registry import Registry

LOOKS_LIKE = "This looks like the achievement {name}."


def reject(registry: Registry, *, name: str, code: str, but: str = "") -> None:
    """Raise Invalid naming `name` or `code` if it looks like another achievement's.

    `but` is the code of the achievement that they are for.
    """
    taken: dict[str, str] = {}
    for entry in (*registry.entries, *registry.retired):
        if entry.code != but:
            taken |= {skeleton(entry.code): entry.name, skeleton(entry.name): entry.name}
    errors = {
        field: LOOKS_LIKE.format(name=found)
        for field, text in (("name", name), ("code", code))
        if (found := taken.get(skeleton(text)))
    }
    if errors:
        raise Invalid(**errors)
