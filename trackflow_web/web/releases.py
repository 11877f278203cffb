"""The filters of a list of releases: pages and the API take the same parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.people.rules import is_username
from trackflow_web.domain.releases.queries import Filters
from trackflow_web.domain.songs.rules import EARLIEST_YEAR, LONGEST_NAME
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from trackflow_web.web.listing import ListArguments

NO_USER = "Enter a username."


def release_filters(arguments: ListArguments) -> Filters:
    """Return the filters of a request: `artist`, `year`, `pack` (name or id), `q`, `user`."""
    return Filters(
        artist=arguments.optional("artist", lambda value: _line(value, "artist")) or "",
        year=arguments.optional("year", _year),
        pack=arguments.optional("pack", lambda value: _line(value, "pack")) or "",
        q=arguments.search(),
        user=arguments.optional("user", _username) or "",
    )


def _line(value: str, field: str) -> str:
    return text.line(value, field, longest=LONGEST_NAME, required=False)


def _year(value: str) -> int | None:
    return text.whole_number(value, "year", least=EARLIEST_YEAR, most=clock.now().year + 1)


def _username(value: str) -> str:
    if not is_username(value):
        raise Invalid(user=NO_USER)
    return value
