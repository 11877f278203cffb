"""Commands for accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from trackflow_web.domain.people import actions, queries
from trackflow_web.kernel.errors import DomainError
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.kernel.events import Handler


def commands(handlers: Sequence[Handler]) -> AppGroup:
    """`flask user ...`."""
    group = AppGroup("user", help="Create and shut accounts.")

    @group.command("add")
    @click.argument("name")
    @click.option("--email", required=True)
    @click.option("--password", required=True)
    @click.option("--timezone", default="", help="IANA name; UTC when left out.")
    @click.option("--admin", is_flag=True, help="May recheck and see the admin pages.")
    def add(name: str, email: str, password: str, timezone: str, *, admin: bool) -> None:
        """Create an account."""
        try:
            with unit_of_work(handlers):
                user = actions.register(
                    username=name,
                    email=email,
                    password=password,
                    timezone=timezone,
                    is_admin=admin,
                    by_operator=True,
                )
        except DomainError as refusal:
            raise click.ClickException(str(refusal)) from None
        click.echo(f"Created {user.username}{' (administrator)' if admin else ''}.")

    @group.command("ban")
    @click.argument("name")
    def ban(name: str) -> None:
        """Ban an account and end its sessions."""
        try:
            with unit_of_work(handlers):
                actions.ban(queries.get_by_username(name.casefold()))
        except DomainError as refusal:
            raise click.ClickException(str(refusal)) from None
        click.echo(f"Banned {name}.")

    return group
