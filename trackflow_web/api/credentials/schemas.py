"""The shape of an issued badge."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from trackflow_web.credentials import models


class IssuedBadge(BaseModel):
    """An Open Badge 3.0 of one of your achievements."""

    id: str
    url: str
    issued_at: datetime
    credential: dict[str, Any] = Field(description="The signed document (OpenBadgeCredential).")

    @classmethod
    def of(cls, credential: models.Credential, url: str) -> IssuedBadge:
        """Return a badge with the address of its page."""
        return cls(
            id=credential.public_id,
            url=url,
            issued_at=credential.issued_at,
            credential=json.loads(credential.document),
        )
