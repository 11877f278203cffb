"""Commands for the achievements."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from trackflow_web.achievements import catalogue, changes, recheck
from trackflow_web.achievements.actions import user_ids_named
from trackflow_web.achievements.changes import Kind
from trackflow_web.kernel import unit_of_work
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.changes import Change
    from trackflow_web.kernel.unit_of_work import Listener


def commands(listeners: Sequence[Listener]) -> AppGroup:
    """`flask achievements ...`."""
    group = AppGroup("achievements", help="Sync the catalogue, recheck what people earned.")

    @group.command("sync")
    def sync() -> None:
        """Bring the achievements table in line with the catalogue; repeating it changes nothing."""
        with unit_of_work.unit_of_work(listeners):
            done = changes.sync()
        click.echo(_counted(done))

    @group.command("recheck")
    @click.option("--user", default="", metavar="NAME", help="Only this user; else everyone.")
    def recheck_users(user: str) -> None:
        """Recount from the facts, award what is due, correct what drifted."""
        done = recheck.Plan()
        try:
            chunks = recheck.chunks(user_ids_named(user))
        except Invalid as refusal:
            raise click.ClickException(str(refusal)) from None
        for chunk in chunks:
            with unit_of_work.unit_of_work(listeners):
                done.add(recheck.recheck_chunk(chunk))
        click.echo(
            f"{count_of(done.users, 'user')}, {count_of(len(done.awards), 'award')},"
            f" {count_of(done.corrections, 'number')} corrected."
        )

    @group.command("sweep")
    def sweep() -> None:
        """Announce again what was recorded and never heard."""
        click.echo(f"{count_of(unit_of_work.sweep(listeners), 'fact')} announced again.")

    return group


def _counted(done: Sequence[Change]) -> str:
    kinds = Counter(change.kind for change in done)
    changed = kinds[Kind.CHANGED] + kinds[Kind.RETURNED]
    return (
        f"{kinds[Kind.ADDED]} added, {changed} changed, {kinds[Kind.RETIRED]} retired,"
        f" {len(catalogue.ENTRIES)} in the catalogue."
    )
