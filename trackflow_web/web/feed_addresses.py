"""Addresses of private feeds: signed, so that nothing secret is stored, and replaceable."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer

from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel.database import db
from trackflow_web.web.extensions import signing_keys
from trackflow_web.web.sharing import absolute

LONGEST_TOKEN = 200


def address_for(user: User) -> str:
    """Return the address of the feed of those whom a user follows."""
    return absolute("feeds.of_followed", token=_serializer().dumps([user.id, user.feed_version]))


def owner_of(token: str) -> User | None:
    """Return whose feed a token opens; None for a wrong or replaced one, or no active user."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        user_id, version = _serializer().loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return db.session.scalar(
        sa.select(User).where(User.id == user_id, User.feed_version == version, visible_to(user_id))
    )


def _serializer() -> URLSafeSerializer:
    current, *earlier = signing_keys()
    return URLSafeSerializer(
        [*earlier, current],  # the last one signs
        salt="trackflow private feed",
        signer_kwargs={"digest_method": hashlib.sha256},
    )
