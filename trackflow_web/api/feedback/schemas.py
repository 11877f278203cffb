"""Request and response bodies of feature requests and bug reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, StrictBool

from trackflow_web.api.core.schemas import Paging
from trackflow_web.domain.collaborations.rules import UNNAMED
from trackflow_web.domain.feedback.queries import FeedbackDetails
from trackflow_web.domain.feedback.rules import (
    LONGEST_DESCRIPTION,
    LONGEST_REASON,
    LONGEST_TITLE,
    Kind,
)
from trackflow_web.web.listing import LONGEST_SEARCH


class NewFeedback(BaseModel):
    """A request or report to submit."""

    title: str = Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_TITLE})
    description: str = Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_DESCRIPTION})


class FeedbackItem(BaseModel):
    """The fields of feature requests and bug reports."""

    id: int
    title: str
    description: str
    status: str
    reason: str = Field(description="Why it has its status.")
    author: str = Field(description="A username, or `a member` if the author is hidden.")
    comments: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, shown: FeedbackDetails) -> Self:
        """Return a request or report as its reader sees it."""
        item = shown.item
        fields: dict[str, Any] = {
            "id": item.id,
            "title": item.title,
            "description": item.description,
            "status": item.status,
            "reason": item.reason,
            "author": shown.author.username if shown.is_author_shown else UNNAMED,
            "votes": shown.votes,
            "voted": shown.voted,
            "comments": shown.comments,
            "created_at": item.created_at,
            "updated_at": item.updated_at,
        }
        return cls(**fields)


class FeedbackArguments(Paging):
    """Which requests or reports to list."""

    q: str | None = Field(
        None, max_length=LONGEST_SEARCH, description="Occurs in title or description."
    )


class BugReport(FeedbackItem):
    """A bug report."""

    status: str = Field(json_schema_extra={"enum": [*Kind.BUG.statuses]})


class BugReports(BaseModel):
    """A part of the list of bug reports, newest first."""

    items: list[BugReport]
    next: str | None


class BugReportArguments(FeedbackArguments):
    """Which bug reports to list."""

    status: str | None = Field(None, json_schema_extra={"enum": [*Kind.BUG.statuses]})


class FeatureRequest(FeedbackItem):
    """A feature request."""

    status: str = Field(json_schema_extra={"enum": [*Kind.FEATURE.statuses]})
    votes: int
    voted: bool = Field(description="Whether one of the votes is the caller's.")


class FeatureRequests(BaseModel):
    """A part of the list of feature requests, newest first."""

    items: list[FeatureRequest]
    next: str | None


class FeatureRequestArguments(FeedbackArguments):
    """Which feature requests to list."""

    status: str | None = Field(None, json_schema_extra={"enum": [*Kind.FEATURE.statuses]})


class Decision(BaseModel):
    """A status to set."""

    status: str
    reason: str = Field(
        "",
        description="The reason, shown with the status.",
        json_schema_extra={"maxLength": LONGEST_REASON},
    )


class FeatureDecision(Decision):
    """A status of feature requests."""

    status: str = Field(json_schema_extra={"enum": [*Kind.FEATURE.decisions]})


class BugDecision(Decision):
    """A status of bug reports."""

    status: str = Field(json_schema_extra={"enum": [*Kind.BUG.decisions]})


class VoteWanted(BaseModel):
    """Whether there is to be a vote of the caller's."""

    set: StrictBool | Literal[0, 1] = True
