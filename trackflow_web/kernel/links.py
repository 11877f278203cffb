"""Addresses of web pages that people type and others will follow."""

from __future__ import annotations

from urllib.parse import urlsplit

from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid

# Anything else (javascript:, data:, file:) is no page that a link may lead to.
SCHEMES = frozenset({"http", "https"})
NO_LINK = "Enter a web address that begins with https:// or http://."


def web_link(value: object, field: str, *, longest: int) -> str:
    """Return the address of a web page, or an empty text for an empty value.

    One with a name or password in it is refused, because it leads elsewhere than it seems to.
    Raises Invalid naming `field`.
    """
    typed = text.line(value, field, longest=longest, required=False)
    if not typed:
        return ""
    refusal = Invalid(**{field: NO_LINK})
    if " " in typed or "\\" in typed:
        raise refusal
    try:
        parts = urlsplit(typed)
        is_valid = bool(parts.hostname) and parts.port != 0
    except ValueError:  # `http://[` or a port beyond all
        raise refusal from None
    if not is_valid or parts.scheme not in SCHEMES or "@" in parts.netloc:
        raise refusal
    return typed
