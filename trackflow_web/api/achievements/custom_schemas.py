"""Request and response bodies of custom achievements."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from trackflow_web.achievements import metrics
from trackflow_web.achievements.catalogue.ladders import Rarity
from trackflow_web.achievements.custom import grants, rules
from trackflow_web.achievements.custom.grants import UNDO_WITHIN

Preview = bool | Literal[0, 1]
# Null is as if the field were not there.
_RARITIES: dict[str, Any] = {"enum": [*(str(rarity) for rarity in Rarity), None]}


class CustomAchievementChange(BaseModel):
    """The fields of a custom achievement that may change; the domain checks their bounds."""

    name: str | None = Field(None, json_schema_extra={"maxLength": rules.LONGEST_NAME})
    description: str | None = Field(
        None, json_schema_extra={"maxLength": rules.LONGEST_DESCRIPTION}
    )
    icon: str | None = Field(None, json_schema_extra={"maxLength": rules.LONGEST_ICON})
    rarity: str | None = Field(None, json_schema_extra=_RARITIES)
    points: int | str | None = Field(
        None, json_schema_extra={"minimum": 0, "maximum": rules.MOST_POINTS}
    )
    threshold: int | str | None = Field(
        None, json_schema_extra={"minimum": 1, "maximum": rules.HIGHEST_THRESHOLD}
    )


class CustomAchievement(CustomAchievementChange):
    """A new custom achievement: automatic with a metric and a threshold, else granted."""

    code: str | None = Field(None, json_schema_extra={"pattern": f"^{rules.CODE.pattern}$"})
    metric: str | None = Field(None, json_schema_extra={"enum": [*metrics.BY_NAME, None]})
    preview: Preview = Field(default=False, description="Save nothing; say who would get it.")


class Effect(BaseModel):
    """Who would get an achievement: how many, and the first fifty by name.

    `holders` have it and keep it; `below` of these have less than the threshold.
    """

    users: int
    usernames: list[str]
    holders: int
    below: int


class GrantWanted(BaseModel):
    """Who gets an achievement, and why."""

    usernames: list[str] | str = Field("", description="A list, or one per line.")
    note: str = Field(
        "",
        json_schema_extra={"minLength": rules.SHORTEST_NOTE, "maxLength": rules.LONGEST_NOTE},
    )
    preview: Preview = Field(default=False, description="Grant nothing; say how each name stands.")


class Recipient(BaseModel):
    """How a name on the list stands; `new` and `private` get the achievement."""

    username: str
    standing: str = Field(
        description="`new`, `private`, `holder`, `revoked`, `banned` or `unknown`."
    )

    @classmethod
    def of(cls, each: grants.Recipient) -> Recipient:
        """Return the document of a name on the list."""
        return cls(username=each.username, standing=each.standing)


class GrantPreview(BaseModel):
    """How each name on a list stands."""

    recipients: list[Recipient]


class Granted(BaseModel):
    """A grant; `id` is None when nobody was left to get the achievement."""

    id: int | None
    code: str
    granted: list[str]
    skipped: list[Recipient]
    undo_until: datetime | None

    @classmethod
    def of(cls, code: str, done: grants.Granted) -> Granted:
        """Return the document of a grant."""
        row = done.grant
        return cls(
            id=row.id if row else None,
            code=code,
            granted=[each.username for each in done.new],
            skipped=[
                Recipient.of(each) for each in done.recipients if each.standing not in grants.GETS
            ],
            undo_until=row.at + UNDO_WITHIN if row else None,
        )


class GrantUndoWanted(BaseModel):
    """Which grant to undo."""

    grant: int | None = Field(None, description="The id of a grant; None means the latest.")


class GrantUndone(BaseModel):
    """From how many users an achievement was taken back."""

    users: int
