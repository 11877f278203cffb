"""Messages for Discord: embeds within its limits, which call nobody. Pure."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from trackflow_web.domain.releases.messages import markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackflow_web.domain.webhooks.ports import Answer
    from trackflow_web.webhooks.content import Content

# Characters as Discord counts them, in 16 bits; 95% of its limits, which may be counted otherwise.
LONGEST_TITLE = 243
LONGEST_DESCRIPTION = 3890
LONGEST_VALUE = 970
LONGEST_AUTHOR = 243
# In all embeds of a message.
MOST_TOGETHER = 5700
# What stands in addresses is checked: it comes from another server.
MESSAGE_ID = re.compile(r"[0-9]{1,20}")
UNKNOWN_MESSAGE = 10008
NAME = "TrackFlow"
# What remains of a message when nothing of it is public any more.
NOTHING_LEFT = "This is no longer public on TrackFlow."
COLOUR = 0x1D9E78
# Of a field `retry_after`: what is larger is none.
LONGEST_NUMBER = 10**9


def message(entries: Sequence[tuple[Content, datetime]]) -> dict[str, Any]:
    """Return the body of a message: an embed for each thing, and when it happened.

    Without one, an edit leaves only a remark in the channel.
    """
    embeds = [_embed(content, at) for content, at in entries]
    if sum(map(_size, embeds)) > MOST_TOGETHER:
        embeds = [_embed(content, at, share=len(entries)) for content, at in entries]
    return {
        "username": NAME,
        "content": "" if entries else NOTHING_LEFT,
        "allowed_mentions": {"parse": []},
        "embeds": embeds,
    }


def _embed(content: Content, at: datetime, *, share: int = 1) -> dict[str, Any]:
    """Return an embed; with a share of the characters that several have together."""
    embed: dict[str, Any] = {
        "title": fitted(content.title, LONGEST_TITLE // share),
        "url": content.url,
        "description": fitted("\n".join(content.lines), LONGEST_DESCRIPTION // share),
        "color": COLOUR,
        "timestamp": at.isoformat(),
        "footer": {"text": NAME},
        "fields": [
            {"name": name, "value": fitted(value, LONGEST_VALUE // share), "inline": False}
            for name, value in content.fields.items()
        ],
    }
    name, url = content.author
    if name:
        # No Markdown there.
        embed["author"] = {"name": _cut(name, LONGEST_AUTHOR // share), "url": url}
    if content.picture:
        embed["thumbnail"] = {"url": content.picture}
    return embed


def _size(embed: dict[str, Any]) -> int:
    """Return the characters of an embed that count."""
    texts = [embed["title"], embed["description"], embed["footer"]["text"]]
    texts += [text for field in embed["fields"] for text in (field["name"], field["value"])]
    return sum(map(_length, [*texts, embed.get("author", {}).get("name", "")]))


def address(url: str, message_id: str) -> str:
    """Return the address that makes a message and returns it, or that of the one to be edited."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if message_id:
        return urlunsplit(parts._replace(path=f"{path}/messages/{message_id}"))
    query = f"{parts.query}&wait=true" if parts.query else "wait=true"
    return urlunsplit(parts._replace(path=path, query=query))


def message_id(answer: Answer) -> str:
    """Return the id of the message that Discord has made; empty without one."""
    found = _json(answer).get("id")
    return found if isinstance(found, str) and MESSAGE_ID.fullmatch(found) else ""


def is_message_unknown(answer: Answer) -> bool:
    """Return whether the message to be edited was deleted; the webhook is still there."""
    return answer.status == HTTPStatus.NOT_FOUND and _json(answer).get("code") == UNKNOWN_MESSAGE


def fitted(text: str, most: int) -> str:
    """Return a text of users as plain text in Markdown, of at most so many characters."""
    kept = text
    while _length(escaped := markdown(kept) + ("…" if kept != text else "")) > most:
        # Each character becomes at most three, so that no more than needed is cut.
        kept = kept[: -max(1, (_length(escaped) - most) // 4)]
    return escaped


def retry_after(answer: Answer) -> float | None:
    """Return the seconds that Discord wants to be left alone; None without a number.

    Behind its own protection the body is no JSON.
    """
    seconds: object = _json(answer).get("retry_after")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    return float(seconds) if 0 <= seconds < LONGEST_NUMBER else None


def _json(answer: Answer) -> dict[str, Any]:
    """Return the object in an answer; empty without one."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _cut(text: str, most: int) -> str:
    return text if _length(text) <= most else text[: most // 2 - 1] + "…"


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
