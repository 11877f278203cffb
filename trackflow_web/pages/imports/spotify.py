"""The user's connection to Spotify: authorization code with PKCE, in a tab of the settings."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

import limits as limit_texts
import structlog
from flask import Blueprint, abort, flash, render_template, request, session, url_for

from trackflow_web.domain.imports import connections, queries
from trackflow_web.domain.imports.ports import SpotifyError
from trackflow_web.kernel import clock, rate_limits, transactions
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs, settings
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.imports.ports import Spotify

log = structlog.get_logger()

pages = Blueprint("connections", __name__)

# Seconds that a user has to consent at Spotify.
LASTS = 10 * 60
ONCE = limit_texts.parse("1/10 minutes")
BEGUN = "spotify"
NOT_BEGUN_HERE = "This connection wasn't started here or has expired. Try again."
NOT_ALLOWED = "Spotify wasn't connected because access was denied."


@pages.get("/settings/connections")
@login_required
def index() -> str:
    """Show the connections."""
    return render_template(
        "settings/connections.html",
        connection=queries.find_connection(get_current_user().id),
        spotify_is_set_up=jobs().tools.spotify is not None,
    )


@pages.get("/imports/spotify/connect")
@login_required
def connect() -> Response:
    """Go to Spotify to allow the connection; what comes back must know the state."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    session[BEGUN] = {
        "state": state,
        "verifier": verifier,
        "user": get_current_user().id,
        "at": clock.now().timestamp(),
    }
    address = _spotify().authorize_address(
        state=state, challenge=_challenge(verifier), redirect=_redirect()
    )
    return htmx.redirect_after_post(address)


@pages.get("/imports/spotify/callback")
@login_required
def callback() -> Response:
    """Come back from Spotify, with a code or with a no."""
    spotify, begun = _spotify(), session.pop(BEGUN, None)
    if not _is_answer_to(begun):
        return _back(NOT_BEGUN_HERE)
    if "code" not in request.args:
        return _back(NOT_ALLOWED)
    try:
        grant = spotify.exchange(
            code=request.args["code"], verifier=begun["verifier"], redirect=_redirect()
        )
    except SpotifyError as refusal:
        log.warning("spotify_not_connected", user_id=begun["user"], why=str(refusal))
        return _back(str(refusal))
    # Only now: no transaction may be open during the request to Spotify.
    transactions.begin(writing=True)
    connections.connect(get_current_user(), grant, jobs().tools.vault)
    flash("Spotify connected.")
    return htmx.redirect_after_post(url_for("imports.index"))


@pages.post("/imports/spotify/disconnect")
@login_required
def disconnect() -> Response:
    """Destroy the tokens."""
    connections.disconnect(get_current_user())
    flash("Spotify disconnected.")
    return htmx.redirect_after_post(url_for("connections.index"))


def _spotify() -> Spotify:
    spotify = jobs().tools.spotify
    if spotify is None:
        abort(404)
    return spotify


def _is_answer_to(begun: dict[str, object] | None) -> bool:
    """Return whether the state is that of this session, recent, and used for the first time.

    The cookie alone could be sent twice, so used states are recorded in the database. Recording one
    also ends the reading transaction.
    """
    given = request.args.get("state", "")
    if begun is None or begun["user"] != get_current_user().id:
        return False
    if not hmac.compare_digest(str(begun["state"]).encode(), given.encode("utf-8", "replace")):
        return False
    if not 0 <= clock.now().timestamp() - float(str(begun["at"])) <= LASTS:
        return False
    digest = hashlib.sha256(given.encode()).hexdigest()
    return rate_limits.hit("spotify state", digest, ONCE) == 0


def _back(message: str) -> Response:
    flash(message, "error")
    return htmx.redirect_after_post(url_for("connections.index"))


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _redirect() -> str:
    """Return the callback URL, exactly as registered at Spotify."""
    return settings().spotify_redirect_uri or url_for("connections.callback", _external=True)
