"""Comments and reactions of the people of the tests, each a unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import limits
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.domain.comments import actions, queries, removal
from trackflow_web.domain.comments.actions import Limits
from trackflow_web.domain.comments.queries import Reader
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.reactions import actions as reactions
from trackflow_web.domain.reactions.queries import reactions_of
from trackflow_web.domain.reactions.rules import Kind
from trackflow_web.domain.subjects import Subject, SubjectType
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.people import Person

OFTEN = (limits.parse("1000/1 hour"),)


class Talk:
    """A thread on a pack of its owner's, by default."""

    def __init__(self, app: Flask, owner: Person, name: str = "Live") -> None:
        self.app = app
        with working(app):
            pack = packs.create_pack(owner.user, name=name)
            self.subject = Subject(SubjectType.PACK, pack.id, owner.id)

    def write(self, person, body="Nice.", *, parent=None, mentions=OFTEN, days=0, often=OFTEN):
        """Write a comment; return its id."""
        return self.written(person, body, parent=parent, mentions=mentions, days=days, often=often)[
            0
        ]

    def written(self, person, body, *, parent=None, mentions=OFTEN, days=0, often=OFTEN):
        """Write a comment; return its id, whether it is held, and how many were not notified."""
        with working(self.app):
            written = actions.write(
                self.subject,
                person.user,
                body=body,
                parent_id=parent,
                limits=Limits(often, mentions, days),
            )
            return written.comment.id, written.is_held, written.not_told

    def edit(self, person, comment_id, body, *, mentions=OFTEN, days=0):
        with working(self.app):
            comment = queries.find(comment_id, for_update=True)
            return actions.edit(
                comment, self.subject, person.user, body=body, limits=Limits(OFTEN, mentions, days)
            )

    def delete(self, person, comment_id, *, is_staff=False):
        """Delete a comment; return whether its place stays."""
        with working(self.app):
            comment = queries.find(comment_id, for_update=True)
            left = removal.delete(comment, self.subject, person.user, is_staff=is_staff)
            return left is not None

    def close(self, person, *, closed=True):
        with working(self.app):
            removal.set_closed(self.subject, person.user, closed=closed, is_staff=False)

    def shown(self, person=None, *, is_staff=False):
        """The thread as a user sees it."""
        with self.app.app_context():
            return queries.page(self.subject, Reader(person and person.id, is_staff=is_staff))

    def texts(self, person=None):
        return [shown.body for shown in self.shown(person)]

    def react(self, person, kind="like", *, subject=None, often=OFTEN):
        with working(self.app):
            reactions.react(person.user, subject or self.subject, kind and Kind(kind), limits=often)

    def reactions(self, person, subject=None):
        """The numbers and the user's own."""
        about = subject or self.subject
        with self.app.app_context():
            found = reactions_of([about.key], person.id)[about.key]
            return {str(kind): n for kind, n in found.counts.items()}, found.mine


def rows(app, model):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(model))
