"""Rows of images of public pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.share_images.models import Kind, ShareImage
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from datetime import datetime


def find(kind: Kind, subject_id: int) -> ShareImage | None:
    """Return the row of a page's image."""
    return db.session.scalar(
        sa.select(ShareImage).where(ShareImage.kind == kind, ShareImage.subject_id == subject_id)
    )


def find_name(kind: Kind, subject_id: int) -> tuple[str, datetime] | None:
    """Return the name in the address of a page's image, and when it was last compared with it.

    The name is empty while there is no image.
    """
    row = db.session.execute(
        sa.select(ShareImage.key, ShareImage.digest, ShareImage.checked_at).where(
            ShareImage.kind == kind,
            ShareImage.subject_id == subject_id,
            ShareImage.checked_at.is_not(None),
        )
    ).one_or_none()
    if row is None:
        return None
    return (f"{row.key}-{row.digest}" if row.digest else "", row.checked_at)
