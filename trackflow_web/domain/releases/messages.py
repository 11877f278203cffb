"""Texts about a release for other places: Discord, forums, pages. Does not read the database.

Text of users is escaped in the way of each place, so that a title can add no link and call nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from trackflow_web.domain.authoring.rules import GROUPS, Group

if TYPE_CHECKING:
    from trackflow_web.domain.releases.credits import Credit, Credits
    from trackflow_web.domain.songs.models import Song

_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~])")
# What Discord, GitHub and forums make a link of, without any markup.
_ADDRESS = re.compile(r":(?=//)|\bwww(?=\.)", re.IGNORECASE)
# Not shown; it keeps `@everyone` from being a call, and an address from being a link.
ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"


@dataclass(frozen=True)
class ReleaseMessages:
    """A release as text for Discord and for a forum."""

    discord: str
    forum: str


def release_messages(song: Song, credits_: Credits, url: str) -> ReleaseMessages:
    """Return the messages that announce a release: song, parts, credits and links."""
    return ReleaseMessages(
        discord="\n".join(_lines(song, credits_, url, _Discord())),
        forum="\n".join(_lines(song, credits_, url, _Forum())),
    )


def markdown(text: str) -> str:
    """Return a text of users as plain text in Markdown."""
    return _MARKDOWN.sub(r"\\\1", _without_links(text)).replace("@", f"@{ZERO_WIDTH}")


def bbcode(text: str) -> str:
    """Return a text of users as plain text in BBCode, which has no way to escape a bracket."""
    return _without_links(text).replace("[", "(").replace("]", ")")


def _without_links(text: str) -> str:
    return _ADDRESS.sub(rf"\g<0>{ZERO_WIDTH}", text)


def snippets(url: str, text: str) -> dict[str, str]:
    """Return a link to a page in HTML, Markdown and BBCode."""
    return {
        "HTML": f'<a href="{escape(url)}">{escape(text)}</a>',
        "Markdown": f"[{markdown(text)}]({url})",
        "BBCode": f"[url={url}]{bbcode(text)}[/url]",
    }


def image_snippets(url: str, image: str, text: str, size: tuple[int, int]) -> dict[str, str]:
    """Return an image that links to a page in HTML, Markdown and BBCode; `size` is in pixels.

    BBCode gets the PNG, because forums show no SVG.
    """
    width, height = size
    return {
        "HTML": (
            f'<a href="{escape(url)}"><img src="{escape(image)}.svg" alt="{escape(text)}"'
            f' width="{width}" height="{height}"></a>'
        ),
        "Markdown": f"[![{markdown(text)}]({image}.svg)]({url})",
        "BBCode": f"[url={url}][img]{image}.png[/img][/url]",
    }


class _Discord:
    """Markdown as Discord reads it."""

    def text(self, text: str) -> str:
        return markdown(text)

    def strong(self, text: str) -> str:
        return f"**{markdown(text)}**"

    def link(self, url: str, text: str) -> str:
        # In angle brackets there is no preview of it: the page of the release has one.
        return f"{text}: <{url}>"

    def page(self, url: str) -> str:
        return url


class _Forum:
    """BBCode."""

    def text(self, text: str) -> str:
        return bbcode(text)

    def strong(self, text: str) -> str:
        return f"[b]{bbcode(text)}[/b]"

    def link(self, url: str, text: str) -> str:
        address = url.replace("[", "%5B").replace("]", "%5D")
        return f"[url={address}]{text}[/url]"

    def page(self, url: str) -> str:
        return f"[url={url}]More about this chart[/url]"


def _lines(song: Song, credits_: Credits, url: str, form: _Discord | _Forum) -> list[str]:
    about = " · ".join(form.text(part) for part in (song.album, str(song.year or "")) if part)
    lines = [f"{form.strong(song.title)} by {form.text(song.artist)}"]
    lines += [about] if about else []
    lines += [f"Parts: {parts}"] if (parts := parts_text(credits_)) else []
    lines += [f"Charted by {'; '.join(_credit(each, form) for each in credits_.people)}"]
    links = ((song.download_url, "Download"), (song.video_url, "Video"))
    lines += [form.link(address, name) for address, name in links if address]
    return [*lines, form.page(url)]


def _credit(credit: Credit, form: _Discord | _Forum) -> str:
    name = form.text(credit.user.shown_name) if credit.user else "a member"
    parts = ", ".join(part.word for part in credit.parts)
    return f"{name} ({parts})" if parts else name


def parts_text(credits_: Credits) -> str:
    """Return the instruments and vocals that are done: `drums, bass, vocals`."""
    playable = (*GROUPS[Group.INSTRUMENTS], *GROUPS[Group.VOCALS])
    return ", ".join(part.word for part in credits_.done if part in playable)
