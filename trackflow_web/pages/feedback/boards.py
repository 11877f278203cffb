"""The two boards of feedback, feature requests and bug reports, with their words."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from trackflow_web.domain.feedback.rules import Kind


@dataclass(frozen=True)
class Board:
    """The pages of one kind of feedback; `views` is the name of their blueprint and its prefix."""

    kind: Kind
    views: str
    title: str
    lead: str
    invitation: str
    button: str
    hint: str
    thanks: str
    noun: str
    plural: str

    @property
    def has_votes(self) -> bool:
        """Whether this board has votes."""
        return self.kind.has_votes

    def address(self, view: str, **values: object) -> str:
        """Return the URL of one of its views."""
        return url_for(f"{self.views}.{view}", **values)  # type: ignore[arg-type]


FEATURES = Board(
    kind=Kind.FEATURE,
    views="features",
    title="Feature requests",
    lead="Suggest an improvement. Check for an existing request first; a vote counts more than a"
    " duplicate.",
    invitation="Suggest a feature",
    button="Send request",
    hint="What do you want to do, and what's stopping you today?",
    thanks="Thanks! Your request is now public.",
    noun="feature request",
    plural="feature requests",
)
BUGS = Board(
    kind=Kind.BUG,
    views="bugs",
    title="Bug reports",
    lead="Found a bug? If it has already been reported, add what you saw in a comment.",
    invitation="Report a bug",
    button="Send report",
    hint="What did you do, what did you expect, and what happened instead?",
    thanks="Thanks! Your report is now public.",
    noun="bug report",
    plural="bug reports",
)
