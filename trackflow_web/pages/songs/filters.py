"""Which songs a list shows, in its address and in the forms that stand in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from flask import request, url_for

from trackflow_web.domain.authoring.queries import is_missing
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.authoring.sorting import Sort
from trackflow_web.domain.songs import rules
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web import htmx
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.urls import current_page, safe_next_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.domain.songs.queries import Conditions


@dataclass(frozen=True)
class Filters:
    """A tab, a search, a part that is missing, an order and a page of the list."""

    status: Status | None = None
    q: str = ""
    missing: Part | None = None
    sort: Sort = Sort.NEWEST
    page: int = 1

    @classmethod
    def parse(cls, query: Mapping[str, str] | None = None) -> Filters:
        """Return the filters of the request, or of another query.

        Raises Invalid naming every bad argument.
        """
        arguments = ListArguments(query)
        filters = cls(
            status=arguments.optional("status", rules.status),
            q=arguments.search(),
            missing=arguments.choice("missing", Part),
            sort=arguments.choice("sort", Sort) or Sort.NEWEST,
            page=arguments.page(),
        )
        arguments.finish()
        return filters

    @property
    def only(self) -> Conditions:
        """The conditions beside status and search."""
        return (is_missing(self.missing),) if self.missing else ()

    def address(self, **changes: Any) -> str:  # noqa: ANN401 -- fields of this class
        """Return the URL of the list with some filters changed; the page only where it is given."""
        wanted = replace(self, **{"page": 1, **changes})
        return url_for(
            "songs.index",
            status=wanted.status or None,
            q=wanted.q or None,
            missing=wanted.missing,
            sort=wanted.sort if wanted.sort is not Sort.NEWEST else None,
            page=wanted.page if "page" in changes else None,
        )

    def page_address(self, page: int) -> str:
        """Return the URL of another page of the same list."""
        return self.address(page=page)


def list_of_form() -> Filters | None:
    """Return the filters of the list that the form stood in; None when it stood elsewhere.

    htmx says which page it is on; a plain form has the page in its field `next`.
    """
    address = current_page() if htmx.is_htmx() else safe_next_url(request.form.get("next"))
    parts = urlsplit(address)
    if parts.path != url_for("songs.index"):
        return None
    try:
        return Filters.parse(dict(parse_qsl(parts.query)))
    except Invalid:
        return Filters()
