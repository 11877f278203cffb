"""Lists of what members may see: everyone, and everything that was released."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, url_for

from trackflow_web.domain.directory.queries import list_people
from trackflow_web.domain.releases.queries import list_releases
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.releases import release_filters
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Callable

pages = Blueprint("directory", __name__, url_prefix="/community")


@pages.get("/people")
@login_required
def people() -> str:
    """Show the user directory, or the users whose names contain `q`."""
    arguments = ListArguments()
    q, page = arguments.search(), arguments.page()
    arguments.finish()
    found = list_people(q, get_current_user().id, page=page)
    return render_template(
        "directory/people.html",
        people=found.people,
        q=q,
        page=page,
        turns=_turns(
            page,
            found.has_more,
            lambda other: url_for("directory.people", q=q or None, page=other),
        ),
    )


@pages.get("/releases")
@login_required
def releases() -> str:
    """Show released songs as a grid of covers, newest first."""
    arguments = ListArguments()
    filters, page = release_filters(arguments), arguments.page()
    arguments.finish()
    found = list_releases(filters, get_current_user().id, page=page)
    values = {name: value for name, value in vars(filters).items() if value}
    return render_template(
        "directory/releases.html",
        songs=found.songs,
        filters=filters,
        page=page,
        turns=_turns(
            page,
            found.has_more,
            lambda other: url_for("directory.releases", **values, page=other),
        ),
    )


def _turns(page: int, has_more: bool, address: Callable[[int], str]) -> dict[str, str | None]:  # noqa: FBT001 -- passed on
    """Return the addresses of the pages before and after this one, where there are any."""
    return {
        "previous_url": address(page - 1) if page > 1 else None,
        "next_url": address(page + 1) if has_more else None,
    }
