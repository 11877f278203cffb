"""Commands for badges."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from trackflow_web.credentials.baking import MOST_BYTES, found_in
from trackflow_web.credentials.verification import Rejected
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.transactions import reading
from trackflow_web.web.credentials import verified

TOO_LARGE = f"This is larger than {MOST_BYTES // 1024} kB."


def commands() -> AppGroup:
    """`flask credentials ...`."""
    group = AppGroup("credentials", help="Check badges that this site issued.")

    @group.command("verify")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    def verify(file: Path) -> None:
        """Verify a badge, as JSON or in a PNG or SVG; fail unless it stands."""
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise click.ClickException(TOO_LARGE)
        try:
            with reading():
                found = verified(found_in(content))
        except Invalid as why:
            raise click.ClickException(" ".join(why.errors.values())) from None
        except Rejected as why:
            raise click.ClickException(str(why)) from None
        for name, value in (
            ("Achievement", found.name),
            ("What it took", found.criteria),
            ("Earned", found.earned_at.date().isoformat()),
            ("Holder", found.holder),
            ("Issuer", found.issuer),
            ("Key", found.key_id),
        ):
            click.echo(f"{name}: {''.join(filter(str.isprintable, value))}")

    return group
