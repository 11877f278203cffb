"""Public pages: their absolute addresses, what link previews read, and how they are shared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import url_for

from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.releases.messages import image_snippets, snippets
from trackflow_web.web.assets import asset
from trackflow_web.web.share_images import address_of
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.share_images.models import Kind

# Previews cut longer descriptions themselves, in the middle of a word.
LONGEST_DESCRIPTION = 200
# 1200x630 pixels, as previews want it; of pages without an image of their own.
OF_THE_SITE = "TrackFlow: charts for Clone Hero, YARG and Rock Band"
IMAGE = "img/share.png"
# Pixels of a badge as it is embedded.
BADGE_SIZE = (320, 64)
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True)
class SharedPage:
    """A page of a user's that may be shared.

    `badge` is the address of its badge without the ending, where it has one. `kind` is the type of
    Open Graph. `subject` is what its image is of.
    """

    title: str
    description: str
    url: str
    owner: User
    kind: str = "website"
    badge: str = ""
    subject: tuple[Kind, int] | None = None

    @property
    def is_public(self) -> bool:
        """Return whether visitors see it, if members do."""
        return self.owner.audience == Audience.EVERYONE

    @property
    def oembed(self) -> str:
        """Return the address of its description for programs that embed it."""
        return f"{absolute('oembed.show')}?{urlencode({'url': self.url, 'format': 'json'})}"

    @cached_property
    def own_image(self) -> str:
        """Return the address of the image of this page; empty without one, or until it has one."""
        if not (self.subject and self.is_public):
            return ""
        return address_of(*self.subject)

    @property
    def image(self) -> str:
        """Return the address of the image of its preview, that of the site until it has one."""
        return self.own_image or site_url() + asset(IMAGE)

    @property
    def image_text(self) -> str:
        """Return what stands in the image, for those who hear it."""
        return f"{self.title}. {self.description}" if self.own_image else OF_THE_SITE

    @property
    def links(self) -> Mapping[str, str]:
        """Return the link to it in HTML, Markdown and BBCode."""
        return snippets(self.url, self.title)

    @property
    def images(self) -> Mapping[str, str]:
        """Return its badge as a link in HTML, Markdown and BBCode."""
        if not (self.badge and self.is_public):
            return {}
        return image_snippets(self.url, self.badge, self.title, BADGE_SIZE)

    @property
    def places(self) -> list[tuple[str, str]]:
        """Return where it can be posted, with addresses that fill in the form there."""
        link = {"url": self.url, "title": self.title}
        text = {"text": f"{self.title} {self.url}"}
        return [
            ("Bluesky", f"https://bsky.app/intent/compose?{urlencode(text)}"),
            ("Reddit", f"https://www.reddit.com/submit?{urlencode(link)}"),
        ]


@dataclass(frozen=True)
class SitePage:
    """A page of the site itself, which everybody sees."""

    title: str
    description: str
    url: str

    @property
    def image(self) -> str:
        """Return the address of the image of its preview."""
        return site_url() + asset(IMAGE)

    @property
    def image_text(self) -> str:
        """Return what stands in the image."""
        return OF_THE_SITE


def shared_page(
    owner: User,
    address: str,
    *,
    title: str,
    description: str,
    badge: str = "",
    kind: str = "website",
    subject: tuple[Kind, int] | None = None,
) -> SharedPage:
    """Return the page of a user's at an address of this site, as it may be shared."""
    return SharedPage(
        title=title,
        description=shortened(description),
        url=site_url() + address,
        owner=owner,
        badge=site_url() + badge if badge else "",
        kind=kind,
        subject=subject,
    )


def absolute(endpoint: str, **values: object) -> str:
    """Return the absolute address of a page of this site."""
    return site_url() + url_for(endpoint, **values)  # type: ignore[arg-type]


def shortened(text: str) -> str:
    """Return a text in one line, cut at a word where it is too long for a preview."""
    line = " ".join(text.split())
    if len(line) <= LONGEST_DESCRIPTION:
        return line
    cut = line[: LONGEST_DESCRIPTION - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,.;:") + ELLIPSIS
