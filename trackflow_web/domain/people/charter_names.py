"""The names by which games credit a user. They may have the colour markup of those games."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trackflow_web.domain.people.profile import lines_of

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

# `<color=#ff0000>`, `</color>`, `<b>`: as the games write it. Nothing else is taken for markup.
MARKUP = re.compile(r"</?(?:color|b|i|u|s|size|sub|sup|font|mark)(?:=[^<>]{0,40})?>", re.IGNORECASE)


def charter_name(user: User) -> str:
    """Return the name by which charts credit a user: their first, else what they are called."""
    return next(iter(lines_of(user.charter_names)), user.shown_name)


def plain(name: str) -> str:
    """Return a name without the markup of games; the name itself where nothing else is in it."""
    return " ".join(MARKUP.sub("", name).split()) or name


def plain_names(user: User) -> list[str]:
    """Return the charter names of a user as they are read."""
    return list(dict.fromkeys(plain(name) for name in lines_of(user.charter_names)))
