"""Commands for accounts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click
from flask import current_app
from flask.cli import AppGroup

from trackflow_web.accounts import deletion
from trackflow_web.domain.people import actions, administration, queries, recovery
from trackflow_web.kernel.errors import DomainError
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.config import Config
    from trackflow_web.domain.people.models import User
    from trackflow_web.kernel.events import Handler

Result = TypeVar("Result")

USERS_LISTED = 100
REASON = click.option(
    "--reason", default=administration.ON_COMMAND_LINE, help="Stored with the decision."
)


def commands(handlers: Sequence[Handler]) -> AppGroup:
    """Return the group `flask user ...`."""
    group = AppGroup("user", help="Create, find and manage accounts.")
    _add_reading(group)
    _add_creating(group, handlers)
    for name, done, decide in (
        ("ban", "Banned", administration.ban),
        ("unban", "Unbanned", administration.unban),
        ("promote", "Made an administrator:", administration.promote),
        ("demote", "No longer an administrator:", administration.demote),
    ):
        _add_decision(group, handlers, name, done, decide)
    _add_changes(group, handlers)
    return group


def _add_reading(group: AppGroup) -> None:
    @group.command("list")
    @click.option("--search", default="", help="Part of a username or email.")
    def list_users(search: str) -> None:
        """List accounts, newest first."""
        found = queries.search_users(search, limit=USERS_LISTED)
        for user in found:
            click.echo(_line(user))
        if len(found) == USERS_LISTED:
            click.echo(f"The first {USERS_LISTED} accounts. Use --search to find others.")

    @group.command("show")
    @click.argument("name")
    def show(name: str) -> None:
        """Show an account and what was decided about it."""
        try:
            user = queries.get_by_username(name.casefold())
        except DomainError as refusal:
            raise click.ClickException(str(refusal)) from None
        click.echo(_line(user))
        for decision in administration.decisions_about(user):
            click.echo(f"  {decision.created_at:%Y-%m-%d} {decision.action}: {decision.reason}")


def _add_creating(group: AppGroup, handlers: Sequence[Handler]) -> None:
    @group.command("add")
    @click.argument("name")
    @click.option("--email", required=True)
    @click.option("--password", help="Visible to other users of this machine; omit to be prompted.")
    @click.option("--timezone", default="", help="IANA name; UTC if left out.")
    @click.option("--admin", is_flag=True, help="Make the account an administrator.")
    def add(name: str, email: str, password: str | None, timezone: str, *, admin: bool) -> None:
        """Create an account. Without --password, prompts for it or reads it from standard input."""
        secret = _read_password() if password is None else password
        user = _decide(
            handlers,
            lambda: actions.register(
                username=name,
                email=email,
                password=secret,
                timezone=timezone,
                is_admin=admin,
                by_operator=True,
            ),
        )
        click.echo(f"Created {user.username}{' (administrator)' if admin else ''}.")


def _add_decision(
    group: AppGroup,
    handlers: Sequence[Handler],
    name: str,
    done: str,
    decide: Callable[..., None],
) -> None:
    """Add a command that takes a name and stores a reason."""

    @group.command(name, help=(decide.__doc__ or "").partition("\n")[0])
    @click.argument("username")
    @REASON
    def command(username: str, reason: str) -> None:
        def act() -> None:
            user = queries.get_by_username(username.casefold())
            decide(user, by=None, why=administration.reason(reason))

        _decide(handlers, act)
        click.echo(f"{done} {username}.")


def _add_changes(group: AppGroup, handlers: Sequence[Handler]) -> None:
    @group.command("rename")
    @click.argument("name")
    @click.argument("new_name")
    @REASON
    def rename(name: str, new_name: str, reason: str) -> None:
        """Give an account another username."""

        def act() -> str:
            user = queries.get_by_username(name.casefold())
            administration.rename(user, to=new_name, by=None, why=administration.reason(reason))
            return user.username

        click.echo(f"{name} is now {_decide(handlers, act)}.")

    @group.command("reset-link")
    @click.argument("name")
    @REASON
    def reset_link(name: str, reason: str) -> None:
        """Print a link to choose a new password; it works once, within an hour."""

        def act() -> str:
            user = queries.get_by_username(name.casefold())
            administration.note_reset_link(user, by=None, why=administration.reason(reason))
            return recovery.reset_token(user, current_app.config["SECRET_KEY"])

        click.echo(_site() + "/password/reset/" + _decide(handlers, act))

    @group.command("delete")
    @click.argument("name")
    @click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
    def delete(name: str, *, yes: bool) -> None:
        """Delete an account with everything in it."""
        if not yes:
            click.confirm(f"Delete {name} and everything in the account?", abort=True)
        _decide(
            handlers,
            lambda: deletion.delete_account(queries.get_by_username(name.casefold())),
        )
        click.echo(f"Deleted {name}.")


def _decide(handlers: Sequence[Handler], act: Callable[[], Result]) -> Result:
    """Run one action as a unit of work; its errors are those of the command."""
    try:
        with unit_of_work(handlers):
            return act()
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from None


def _read_password() -> str:
    """Prompt for a password twice, or read a line from standard input when that is no terminal."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline(1000).rstrip("\n")


def _line(user: User) -> str:
    marks = [
        "administrator" if user.is_admin else "",
        "banned" if user.banned_at else "",
        "" if user.email_confirmed_at else "email not confirmed",
    ]
    return f"{user.username}  {user.email}  {user.created_at:%Y-%m-%d}  " + ", ".join(
        filter(None, marks)
    )


def _site() -> str:
    config: Config = current_app.extensions["trackflow"]
    return config.site_url or "http://127.0.0.1:5000"
