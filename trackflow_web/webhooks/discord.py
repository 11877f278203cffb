"""Messages for Discord: one embed within its limits, which calls nobody. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trackflow_web.domain.releases.messages import ZERO_WIDTH, markdown

if TYPE_CHECKING:
    from datetime import datetime

    from trackflow_web.domain.webhooks.ports import Answer
    from trackflow_web.webhooks.content import Content

# Characters as Discord counts them, in 16 bits; 95% of its limits, which may be counted otherwise.
LONGEST_TITLE = 243
LONGEST_DESCRIPTION = 3890
LONGEST_VALUE = 970
LONGEST_AUTHOR = 243
NAME = "TrackFlow"
COLOUR = 0x1D9E78
# Of a field `retry_after`: what is larger is none.
LONGEST_NUMBER = 10**9


def message(content: Content, at: datetime) -> dict[str, Any]:
    """Return the body of a message."""
    embed: dict[str, Any] = {
        "title": fitted(content.title, LONGEST_TITLE),
        "url": content.url,
        "description": fitted("\n".join(content.lines), LONGEST_DESCRIPTION),
        "color": COLOUR,
        "timestamp": at.isoformat(),
        "footer": {"text": NAME},
        "fields": [
            {"name": name, "value": fitted(value, LONGEST_VALUE), "inline": False}
            for name, value in content.fields.items()
        ],
    }
    name, url = content.author
    if name:
        # No Markdown there.
        embed["author"] = {"name": _cut(name, LONGEST_AUTHOR), "url": url}
    if content.picture:
        embed["thumbnail"] = {"url": content.picture}
    return {
        "username": NAME,
        "content": "",
        "allowed_mentions": {"parse": []},
        "embeds": [embed],
    }


def fitted(text: str, most: int) -> str:
    """Return a text of users as plain text in Markdown, of at most so many characters."""
    kept = text
    while _length(escaped := _escaped(kept) + ("…" if kept != text else "")) > most:
        # Each character becomes at most three, so that no more than needed is cut.
        kept = kept[: -max(1, (_length(escaped) - most) // 4)]
    return escaped


def retry_after(answer: Answer) -> float | None:
    """Return the seconds that Discord wants to be left alone; None without a number.

    Behind its own protection the body is no JSON.
    """
    try:
        seconds = json.loads(answer.body).get("retry_after")
    except (ValueError, AttributeError, RecursionError):
        return None
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return float(seconds) if is_number and 0 <= seconds < LONGEST_NUMBER else None


def _escaped(text: str) -> str:
    return markdown(text).replace("://", f":{ZERO_WIDTH}//")


def _cut(text: str, most: int) -> str:
    return text if _length(text) <= most else text[: most // 2 - 1] + "…"


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
