"""Request and response bodies of reports and decisions."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from trackflow_web.domain.moderation.rules import LONGEST_STATEMENT, LONGEST_TEXT, Action, Reason


class NewReport(BaseModel):
    """What is wrong with something."""

    reason: str = Field(json_schema_extra={"enum": [*Reason]})
    text: str = Field(
        "", description="Required for `other`.", json_schema_extra={"maxLength": LONGEST_TEXT}
    )


class SentReport(BaseModel):
    """The report that is open now."""

    id: int


class NewDecision(BaseModel):
    """A decision about the subject of a report; it closes all open reports of it."""

    action: str = Field(json_schema_extra={"enum": [*Action]})
    statement: str = Field(
        "",
        description="For its owner and those who reported it.",
        json_schema_extra={"maxLength": LONGEST_STATEMENT},
    )
    until: str = Field("", description="For `suspend`: the end, ISO 8601.")


class Decision(BaseModel):
    """An entry of the log."""

    id: int
    action: str
    statement: str
    until: datetime | None
