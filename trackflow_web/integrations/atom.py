"""Atom feeds (RFC 4287)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence

MEDIA_TYPE = "application/atom+xml"
NAMESPACE = "http://www.w3.org/2005/Atom"
# An entry that grows is shown as updated at most so often.
BETWEEN_UPDATES = timedelta(minutes=30)
# Of a feed without entries.
NEVER = datetime(2026, 1, 1, tzinfo=UTC)
# Characters that XML cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class AtomEntry:
    """An entry; `html` is its content, already escaped where needed."""

    id: str
    title: str
    url: str
    published: datetime
    updated: datetime
    authors: Sequence[tuple[str, str]]
    html: str


@dataclass(frozen=True)
class AtomFeed:
    """A feed with its own address and that of the page that shows the same."""

    id: str
    title: str
    self_url: str
    page_url: str
    entries: Sequence[AtomEntry]

    @property
    def updated(self) -> datetime:
        """The time of the newest update."""
        return max((entry.updated for entry in self.entries), default=NEVER)


def updated_at(first: datetime, last: datetime) -> datetime:
    """Return when an entry that grew from `first` to `last` is to be called updated.

    That is a multiple of half an hour after its beginning, so that it changes when the entry grows
    and not again before that time.
    """
    steps = -((first - last) // BETWEEN_UPDATES)  # rounded up
    return first + steps * BETWEEN_UPDATES


def document(feed: AtomFeed) -> bytes:
    """Return a feed as XML; the same entries are the same bytes, whenever they are asked for."""
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(_name("feed"), {"xml:lang": "en"})
    _text(root, "id", feed.id)
    _text(root, "title", feed.title)
    _text(root, "updated", _time(feed.updated))
    _link(root, "self", MEDIA_TYPE, feed.self_url)
    _link(root, "alternate", "text/html", feed.page_url)
    for entry in feed.entries:
        _add(root, entry)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _add(root: ET.Element, entry: AtomEntry) -> None:
    element = ET.SubElement(root, _name("entry"))
    _text(element, "id", entry.id)
    _text(element, "title", entry.title)
    _text(element, "published", _time(entry.published))
    _text(element, "updated", _time(entry.updated))
    for name, url in entry.authors:
        author = ET.SubElement(element, _name("author"))
        _text(author, "name", name)
        _text(author, "uri", url)
    _link(element, "alternate", "text/html", entry.url)
    _text(element, "content", entry.html, type="html")


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, _name(name), attributes).text = _FORBIDDEN.sub("", text)


def _link(parent: ET.Element, rel: str, media_type: str, url: str) -> None:
    ET.SubElement(parent, _name("link"), {"rel": rel, "type": media_type, "href": url})


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
