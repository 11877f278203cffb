"""What must hold at the end of every test: nothing earned is lost, doubled or forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.achievements.recheck import reconcile as recheck

if TYPE_CHECKING:
    from flask import Flask


def assert_nothing_forgotten(app: Flask) -> None:
    """For every user, a full recheck would award nothing and correct nothing."""
    with app.app_context():
        plan = recheck.plan(user_ids=None)
    assert not plan.awards, f"earned but not awarded: {plan.awards}"
    assert not plan.wrong_lines, "the ledger says something else than the songs"
    assert not plan.drift, f"the numbers say something else than the facts: {plan.drift}"
