"""The link in a digest that switches digests off. Looking at it changes nothing."""

from __future__ import annotations

from flask import render_template

from trackflow_web.domain.people.models import User
from trackflow_web.notifications import digest
from trackflow_web.pages.notifications.views import pages
from trackflow_web.web.extensions import signing_keys


@pages.get("/unsubscribe/<token>")
def show_unsubscribe(token: str) -> str:
    """Ask whether to switch digests off; programs that follow every link only get this."""
    _user(token)
    return render_template("notifications/unsubscribe.html", is_done=False)


@pages.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> str:
    """Switch digests off: by the form, or by a mail program with one click and no session."""
    digest.unsubscribe(_user(token))
    return render_template("notifications/unsubscribe.html", is_done=True)


def _user(token: str) -> User:
    return digest.user_of_token(token, signing_keys())
