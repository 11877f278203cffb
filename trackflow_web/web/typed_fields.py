"""The fields of a form that waited for the password: they come back signed, in the query.

A foreign link must not fill in a form, so only fields that this application has signed for the user
and the page are accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, request
from itsdangerous import BadSignature

from trackflow_web.kernel.signing import serializer
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.session import CONFIRMATION_LASTS, redirect_to_confirmation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from itsdangerous import URLSafeTimedSerializer
    from werkzeug.wrappers import Response

ARGUMENT = "typed"
# Browsers or servers may truncate longer URLs, which loses all fields.
LONGEST = 3_000


def confirm_first(address: str, fields: Mapping[str, str]) -> Response:
    """Ask to confirm the password, then continue at a page of this site with these fields."""
    kept = _serializer().dumps([get_current_user().id, address, dict(fields)])
    return redirect_to_confirmation(
        f"{address}?{ARGUMENT}={kept}" if len(kept) <= LONGEST else address
    )


def fields_before() -> dict[str, str]:
    """Return the fields that the user had typed into a form of this page before confirming."""
    kept = request.args.get(ARGUMENT, "")
    if not 0 < len(kept) <= LONGEST:
        return {}
    try:
        user_id, address, fields = _serializer().loads(kept, max_age=CONFIRMATION_LASTS)
    except BadSignature:
        return {}
    if (user_id, address) != (get_current_user().id, request.path):
        return {}
    return {str(name): str(value) for name, value in fields.items()}


def _serializer() -> URLSafeTimedSerializer:
    return serializer(str(current_app.config["SECRET_KEY"]), "typed fields")
