"""What search engines read: robots.txt, and the addresses of the public pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, abort, render_template

from trackflow_web.achievements.standings import seasons
from trackflow_web.domain.releases import public_ids
from trackflow_web.domain.releases.public_ids import IDS_A_FILE, Kind
from trackflow_web.pages.home.views import pages
from trackflow_web.web.sharing import absolute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkzeug.wrappers import Response as BaseResponse

    from trackflow_web.domain.releases.public_ids import PublicPage

XML = "application/xml"
# Nothing is found there that has no other address, and a crawler would follow every filter.
NOT_CRAWLED = ("/api/", "/login", "/register", "/password/", "/oembed")


@pages.get("/robots.txt")
def robots() -> BaseResponse:
    """Say which addresses search engines need not ask for, and where the sitemap is."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in NOT_CRAWLED),
        f"Sitemap: {absolute('home.sitemap')}",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@pages.get("/sitemap.xml")
def sitemap() -> BaseResponse:
    """List the public pages; for a large site, the files that list them."""
    files = list(_files())
    if len(files) <= len(Kind):
        return _urls((url for kind in Kind for url in _addresses(kind, 0)), of_site=True)
    addresses = (
        absolute("home.sitemap_part", section=kind, number=number) for kind, number in files
    )
    return _xml("home/sitemap_index.xml", urls=addresses)


@pages.get("/sitemap-<section>-<int:number>.xml")
def sitemap_part(section: str, number: int) -> BaseResponse:
    """List the public pages of one kind, those of one range of ids."""
    if section not in set(Kind) or (Kind(section), number) not in set(_files()):
        abort(404)
    is_first = (section, number) == (Kind.PROFILES, 0)
    return _urls(_addresses(Kind(section), number), of_site=is_first)


def _files() -> Iterator[tuple[Kind, int]]:
    """Return the files of a sitemap: one for each range of ids."""
    for kind, largest in public_ids.largest_ids().items():
        for part in range(largest // IDS_A_FILE + 1):
            yield kind, part


def _addresses(kind: Kind, part: int) -> Iterator[tuple[str, PublicPage]]:
    for page in public_ids.pages_of(kind, part):
        yield _ADDRESSES[kind](page), page


_ADDRESSES = {
    Kind.PROFILES: lambda page: absolute("profiles.show", username=page.name),
    Kind.RELEASES: lambda page: absolute("releases.show", song_id=page.id),
    Kind.PACKS: lambda page: absolute("packs.show", pack_id=page.id),
}


def _urls(pages_: Iterable[tuple[str, PublicPage]], *, of_site: bool) -> BaseResponse:
    addresses = list(_of_site()) if of_site else [absolute("home.index")]
    return _xml("home/sitemap.xml", addresses=addresses, pages=pages_)


def _of_site() -> Iterator[str]:
    """Return the addresses of pages that are nobody's."""
    for endpoint in ("home.index", "community.leaderboard", "seasons.index"):
        yield absolute(endpoint)
    for season in seasons.listed():
        yield absolute("seasons.show", slug=season.slug)


def _xml(template: str, **context: object) -> BaseResponse:
    return Response(render_template(template, **context), mimetype=XML)
