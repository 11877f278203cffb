"""The addresses of every view that may be read from a replica."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.browsing import Browser

# By endpoint; `htmx` behind the address for a fragment.
ADDRESSES = """
achievements.show           /achievements/<code>
api.list_community_releases /api/community/releases
api.list_highlights         /api/community/highlights
api.list_seasons            /api/seasons/
api.show_community_user     /api/community/users/<username>
api.show_feed               /api/community/feed
api.show_leaderboard        /api/community/leaderboard?kind=releases&period=all&view=top
api.show_stats              /api/community/stats
api.show_trending           /api/community/trending
awards.show                 /users/<username>/achievements/<code>
badges.award                /users/<username>/badge/<code>.svg
badges.profile              /users/<username>/badge.svg
badges.shield               /users/<username>/shield.json
community.feed              /community/feed?limit=30
community.highlights        /community/highlights
community.leaderboard       /community/leaderboard?kind=releases&period=all&view=top
community.showcase          /community/showcase
community.stats             /community/stats
directory.people            /community/people
directory.releases          /community/releases
feeds.of_achievement        /achievements/<code>.atom
feeds.of_community          /community/feed.atom
feeds.of_user               /users/<username>/feed.atom
home.sitemap                /sitemap.xml
home.sitemap_part           /sitemap-releases-0.xml
home.sitemap_part           /sitemap-profiles-0.xml
oembed.show                 /oembed?url=http://localhost/users/<username>
profiles.card               /users/<username>/card htmx
profiles.compare            /users/<username>/compare
profiles.show               /users/<username>
proof.show                  /users/<username>/proof
releases.show               /releases/<song_id>
seasons.ics                 /seasons.ics
seasons.index               /seasons/
seasons.show                /seasons/<slug>
"""
# Everything that a test looks for has a name like this.
# Within a word it is part of a random token or key, unless that is an escape in an address.
MARKER = re.compile(r"(?:(?<=%[0-9a-f]{2})|(?<![a-z0-9_.]))zz[a-z]+")


def endpoints() -> set[str]:
    """The endpoints of the table."""
    return {line.split()[0] for line in ADDRESSES.strip().splitlines()}


def addresses(values: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    """Yield each address with these values, and whether it is a fragment."""
    for line in ADDRESSES.strip().splitlines():
        _, address, *more = line.split()
        yield (
            re.sub(r"<(\w+)>", lambda found: str(values[found[1]]), address),
            "htmx" in more,
        )


def seen_by(browser: Browser, values: Mapping[str, object]) -> dict[str, set[str]]:
    """Return the markers on each page, by its address."""
    return {
        address: set(MARKER.findall(body_of(browser, address, htmx=htmx).casefold()))
        for address, htmx in addresses(values)
    }


def body_of(browser: Browser, address: str, *, htmx: bool = False) -> str:
    """Return what a page says; other tests lint it."""
    headers = {"HX-Request": "true"} if htmx else {}
    return browser.client.get(address, headers=headers).get_data(as_text=True)
