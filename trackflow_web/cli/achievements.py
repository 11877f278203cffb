"""Commands for the achievements."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from trackflow_web.achievements.catalogue import entries
from trackflow_web.achievements.catalogue import sync as changes
from trackflow_web.achievements.catalogue.sync import ChangeType
from trackflow_web.achievements.models import RunState
from trackflow_web.achievements.recheck import runs
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.achievements.recheck.start import user_ids_named
from trackflow_web.jobs import rechecks
from trackflow_web.kernel import transactions
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.redelivery import redeliver
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.catalogue.sync import Change
    from trackflow_web.kernel.events import Handler


ONE_IS_RUNNING = (
    "A recheck of everyone is under way or waits for its turn: see /admin/rechecks/."
    " One whose process died is taken up by the jobs, or can be begun anew, 20 seconds later."
)


def commands(handlers: Sequence[Handler]) -> AppGroup:
    """`flask achievements ...`."""
    group = AppGroup("achievements", help="Sync the catalogue, recheck achievements.")

    @group.command("sync")
    @click.option("--dry-run", is_flag=True, help="Show what would change, with counts.")
    def sync(*, dry_run: bool) -> None:
        """Synchronize the achievements table with the catalogue; idempotent.

        Then grant everybody the awards that are due by it.
        """
        if dry_run:
            click.echo(_describe_changes(changes.planned()))
            return
        with transactions.unit_of_work(handlers):
            done = changes.sync()
        click.echo(_summary(done.changes))
        if done.decides and runs.count_users():
            click.echo(_recheck_everyone(handlers))

    @group.command("recheck")
    @click.option("--user", default="", metavar="NAME", help="Recheck only this user.")
    def recheck_users(user: str) -> None:
        """Recount from the source rows, grant due awards, correct drifted counters."""
        try:
            user_ids = user_ids_named(user)
        except Invalid as refusal:
            raise click.ClickException(str(refusal)) from None
        if user_ids is None:
            click.echo(_recheck_everyone(handlers))
            return
        with transactions.unit_of_work(handlers):
            done = reconcile_users(user_ids).result
        click.echo(done.text)

    @group.command("sweep")
    def sweep() -> None:
        """Dispatch pending events again."""
        click.echo(f"{count_of(redeliver(handlers), 'event')} dispatched again.")

    return group


def _recheck_everyone(handlers: Sequence[Handler]) -> str:
    """Recheck everyone and return the result as a sentence; one recheck runs at a time."""
    run = rechecks.run_now(handlers)
    if run is None:
        raise click.ClickException(ONE_IS_RUNNING)
    if run.state != RunState.DONE:
        message = f"It was ended after {count_of(run.users, 'user')}: {run.error or run.state}."
        raise click.ClickException(message)
    return runs.result_of(run).text


def _describe_changes(found: Sequence[Change]) -> str:
    lines = [_line(change) for change in found]
    return "\n".join([*lines, f"{_summary(found)} Nothing was changed."])


def _line(change: Change) -> str:
    """Return a line: `changed dreamer: threshold 5 -> 1. 12 people have it, 3 would get it`."""
    what = f"{change.kind} {change.code}" + (f": {change.text}" if change.text else "")
    figures = [f"{count_of(change.holders, 'person', 'people')} {_holders_text(change)}"]
    if change.decides and change.kind is not ChangeType.RETIRED:
        figures.append(f"{change.gainers:,} would get it")
    return f"{what}. {', '.join(figures)}."


def _holders_text(change: Change) -> str:
    one = change.holders == 1
    if change.kind is ChangeType.RETIRED:
        return "has it and keeps it" if one else "have it and keep it"
    return "has it" if one else "have it"


def _summary(done: Sequence[Change]) -> str:
    kinds = Counter(change.kind for change in done)
    changed = kinds[ChangeType.CHANGED] + kinds[ChangeType.RETURNED]
    return (
        f"{kinds[ChangeType.ADDED]} added, {changed} changed, {kinds[ChangeType.RETIRED]} retired,"
        f" {len(entries.BUILT_IN)} in the catalogue."
    )
