"""Images of public pages, for visitors."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trackflow_web.domain import subjects
from trackflow_web.domain.people.models import User
from trackflow_web.domain.share_images import actions
from trackflow_web.domain.share_images.models import Kind, ShareImage
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

SUBJECTS = (SubjectType.RELEASE, SubjectType.ACHIEVEMENT, SubjectType.PACK)
PRUNED_AT_ONCE = 500


def find_image(kind: str, key: str, digest: str) -> bytes | None:
    """Return an image by its address, if visitors see the page that it shows."""
    return db.session.scalar(
        sa.select(ShareImage.image).where(
            ShareImage.key == key,
            ShareImage.kind == kind,
            ShareImage.digest == digest,
            is_shown(),
        )
    )


def is_shown() -> sa.ColumnElement[bool]:
    """Return the condition that visitors see the page of an image, and that its owner is right."""
    profile = sa.exists().where(User.id == ShareImage.subject_id, visible_to(None))
    is_profile: sa.ColumnElement[bool] = sa.and_(ShareImage.kind == Kind.PROFILE, profile)
    kind: Any = ShareImage.kind
    return sa.or_(is_profile, subjects.is_visible(kind, ShareImage.subject_id, SUBJECTS, None))


def prune() -> int:
    """Delete images that are not wanted any more, or of pages that visitors do not see."""
    unused = ShareImage.checked_at < clock.now() - actions.KEPT_UNUSED
    found = sa.select(ShareImage.id).where(sa.or_(unused, ~is_shown()))
    ids = db.session.scalars(found.limit(PRUNED_AT_ONCE)).all()
    if ids:
        db.session.execute(sa.delete(ShareImage).where(ShareImage.id.in_(ids)))
    return len(ids)
