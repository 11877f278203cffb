"""The command that creates a demo community."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from trackflow_web.achievements.awards.revoke import awards_of
from trackflow_web.demo import community, users
from trackflow_web.domain.people import queries
from trackflow_web.kernel.errors import DomainError
from trackflow_web.kernel.text import count_of
from trackflow_web.kernel.transactions import unit_of_work
from trackflow_web.web.credentials import issue_of
from trackflow_web.web.extensions import issuer, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.kernel.events import Handler

NEVER_IN_PRODUCTION = "A demo community has publicly known passwords: never in production."


def command(handlers: Sequence[Handler]) -> click.Command:
    """`flask demo`."""

    @click.command("demo")
    @with_appcontext
    def demo() -> None:
        """Create a small demo community in an empty database and print its logins."""
        if settings().production:
            raise click.ClickException(NEVER_IN_PRODUCTION)
        try:
            made = community.make(handlers)
        except DomainError as refusal:  # a user registered concurrently
            raise click.ClickException(str(refusal)) from None
        if made is None:
            click.echo("The database already has accounts, so no demo community was created.")
        else:
            issue_badge(handlers)
            click.echo(
                f"Created a demo community: {count_of(made.people, 'person', 'people')},"
                f" {count_of(made.songs, 'song')}, {count_of(made.awards, 'achievement')} earned."
            )
        for demo_user in community.logins():
            kind = "admin" if demo_user.is_admin else "login"
            click.echo(f"Demo {kind}: {demo_user.username}, password: {demo_user.password}")

    return demo


def issue_badge(handlers: Sequence[Handler]) -> None:
    """Issue the badge of the demo user's first award, where this site issues badges."""
    if issuer() is None:
        return
    with unit_of_work(handlers):
        user = queries.get_by_username(users.DEMO.username)
        first = [award for award in awards_of(user.id) if award.revoked_at is None][-1]
        issue_of(user, first.entry.code)
