"""What is said after an action, with a button to undo it: a toast for htmx, else a notice.

Such a message has no `data-toast`: nothing was unlocked, and nothing of it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import flash, render_template

from trackflow_web.web.urls import current_page

if TYPE_CHECKING:
    from flask import Flask

# A flash message is a text and a category; the token is in the latter.
UNDO = "undo "


def init_app(app: Flask) -> None:
    """Give the templates `current_page()`."""
    app.jinja_env.globals["current_page"] = current_page


@dataclass(frozen=True)
class Message:
    """A text, a hint below it, and the token that undoes the action."""

    text: str
    hint: str = ""
    token: str | None = None


def show_on_next_page(message: Message) -> None:
    """Show the message as a notice on the next full page."""
    text = f"{message.text} {message.hint}".rstrip()
    flash(text, f"{UNDO}{message.token}" if message.token else "message")


def toast(message: Message) -> str:
    """Return the message as an out-of-band swap."""
    return render_template("partials/_message.html", message=message, next_url=current_page())
