"""Deleting an account while everybody deals with it leaves nothing of it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from tests.support.belongings import belongings_of
from tests.support.charter import at_once
from tests.support.people import add_person, working
from tests.support.talk import OFTEN
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.moderation import reporting
from trackflow_web.domain.moderation.reporting import Reported
from trackflow_web.domain.reactions import actions as reactions
from trackflow_web.domain.reactions.rules import Kind
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.relations import blocking
from trackflow_web.domain.relations.models import Mute, Muted
from trackflow_web.domain.subjects import SubjectType, find_subject
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound, SignedOut

NAME = "zuse"
# What an action finds that comes too late.
TOO_LATE = (NotFound, SignedOut, Invalid, IntegrityError, OperationalError, sa.exc.NoResultFound)


@pytest.mark.both_databases
def test_an_account_that_is_deleted_under_load_leaves_no_row_with_its_name(app, alice, bob, dump):
    gone = add_person(app, NAME)
    values = belongings_of(app, gone)
    people = [add_person(app, f"racer{number}") for number in range(4)]

    def deal(person):
        for step in (_follow, _mute, _block, _talk, _report):
            with suppress(*TOO_LATE), working(app):
                step(person, gone, values["pack_id"])

    def leave():
        with working(app):
            delete_account(gone.user)

    at_once([partial(deal, person) for person in people] + [leave])
    assert NAME not in dump()
    with app.app_context():
        for table in db.metadata.sorted_tables:
            for column in table.columns:
                if any(key.column.table.name == "users" for key in column.foreign_keys):
                    left = sa.select(sa.func.count()).where(column == gone.id)
                    assert not db.session.scalar(left), column
        muted = sa.select(sa.func.count()).where(
            Mute.kind == Muted.PERSON, Mute.target_id == gone.id
        )
        assert not db.session.scalar(muted)


def _follow(person, gone, _pack_id):
    relations.set_follow(person.user, gone.user, wanted=True, limits=(), newcomer_days=0)


def _mute(person, gone, _pack_id):
    relations.set_mute(person.user, gone.user, wanted=True)


def _block(person, gone, _pack_id):
    if person.id % 2:
        blocking.set_block(person.user, gone.user, wanted=True)


def _talk(person, gone, pack_id):
    subject = find_subject(SubjectType.PACK, pack_id, person.id)
    if subject is not None:
        comments.write(
            subject, person.user, body=f"Hello @{NAME}.", limits=comments.Limits(OFTEN, OFTEN)
        )
        reactions.react(person.user, subject, Kind.LIKE, limits=())


def _report(person, gone, _pack_id):
    subject = Reported("profile", gone.user.id, gone.id)
    reporting.report(person.user, subject, reason="spam", text_="", limits=(), newcomer_days=0)
