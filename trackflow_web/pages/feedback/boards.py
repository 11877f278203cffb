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
    lead="What TrackFlow should do next. Look first whether somebody had your idea already: a vote"
    " says more than a second request.",
    invitation="Suggest a feature",
    button="Send request",
    hint="What do you want to do, and what stands in the way today?",
    thanks="Thank you: your request is here for everybody to see.",
    noun="feature request",
    plural="feature requests",
)
BUGS = Board(
    kind=Kind.BUG,
    views="bugs",
    title="Bug reports",
    lead="What does not work as it should. If it is here already, say in a comment what you saw.",
    invitation="Report a bug",
    button="Send report",
    hint="What did you do, what did you expect, and what happened instead?",
    thanks="Thank you: your report is here for everybody to see.",
    noun="bug report",
    plural="bug reports",
)
