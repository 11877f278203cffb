"""Markdown that people write, rendered to the little HTML that is allowed in it.

The parser escapes raw HTML and knows neither pictures nor headings; what it returns then passes an
allow-list, so that an error in the parser lets nothing through. Plain text stays plain: line breaks
are kept.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

if TYPE_CHECKING:
    from markdown_it.rules_core import StateCore

# Stored with what it rendered: what another version rendered is rendered again.
VERSION = 2
# Characters. Longer texts are shown as they were typed.
LONGEST = 5_000
# The parser looks for the end of every bracket: with more of them its time grows by the square, so
# that no links are made.
MOST_BRACKETS = 100
DEEPEST = 12
# `entity`: it would make characters again of what was removed from the text, such as `&#x202e;`.
UNUSED = (
    *("image", "heading", "lheading", "hr", "reference", "html_block", "html_inline", "entity"),
)
TAGS = {"p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a"}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
SCHEMES = {"http", "https"}
HOST = re.compile(r"[\w.:-]+")
# Others wrote it: search engines give it no weight, and the page behind it cannot reach this one.
REL = "nofollow ugc noopener"


def to_html(source: str) -> str:
    """Return the HTML of a text in Markdown: safe to insert, in time that grows with its length."""
    if len(source) > LONGEST:
        return f"<p>{escape(source).replace(chr(10), '<br>')}</p>"
    parser = _parser(links=source.count("[") <= MOST_BRACKETS)
    return nh3.clean(
        parser.render(source),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=REL,
    )


@cache
def _parser(*, links: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": DEEPEST})
    parser.disable([*UNUSED, *(() if links else ("link", "autolink"))])
    parser.core.ruler.push("name_links", _name_links)
    setattr(parser, "validateLink", is_web_address)  # noqa: B010 -- its way to refuse addresses
    return parser


def _name_links(state: StateCore) -> None:
    """Show the address of links without a text: `[](https://example.org)` would be invisible."""
    for block in state.tokens:
        tokens, opened = block.children or [], None
        for token in list(tokens):
            if token.type == "link_open":
                opened = token
            elif token.type == "link_close" and opened is not None:
                name = Token("text", "", 0, content=str(opened.attrs["href"]), level=token.level)
                tokens.insert(tokens.index(token), name)
            elif token.content.strip():
                opened = None


def is_web_address(address: str) -> bool:
    """Return whether an address is absolute and one of the web, without a password in it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_host = HOST.fullmatch(parts.hostname or "") is not None
    return parts.scheme in SCHEMES and is_host and "@" not in parts.netloc
