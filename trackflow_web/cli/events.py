"""Commands for stored events: partitions and archives."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from trackflow_web.kernel import clock, partitions
from trackflow_web.kernel.event_archives import ArchiveFailed, header_of, verify
from trackflow_web.kernel.event_archiving import alone, archive, count, due, kept_from
from trackflow_web.kernel.event_restoring import restore, scrub
from trackflow_web.kernel.transactions import reading
from trackflow_web.web.extensions import settings

ONE_TABLE = "SQLite has one table of events, without partitions."
KEEPS_ALL = "EVENTS_KEPT_MONTHS is 0: all events are kept."
NOTHING = "Nothing is old enough."
AT_IT = "Another process archives at this moment."
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def commands() -> AppGroup:
    """`flask events ...`."""
    group = AppGroup("events", help="Store events by month, archive and restore old ones.")
    _add_partitions(group)
    _add_archive(group)
    _add_restore(group)
    _add_files(group)
    return group


def _add_partitions(group: AppGroup) -> None:
    @group.command("partitions")
    def partitions_() -> None:
        """Create missing months, move rows of the default partition, and list all."""
        if not partitions.are_used():
            click.echo(ONE_TABLE)
            return
        created = partitions.create_missing(clock.now(), most_moved=None)
        with reading():
            for each in partitions.found():
                begins = f"{each.starts_at:%Y-%m}" if each.starts_at else "the beginning"
                new = " (new)" if each.name in created else ""
                click.echo(f"{each.name}: from {begins} until before {each.ends_at:%Y-%m}{new}")


def _add_archive(group: AppGroup) -> None:
    @group.command("archive")
    @click.option("--dry-run", is_flag=True, help="Print what would be archived.")
    def archive_(*, dry_run: bool) -> None:
        """Archive months older than EVENTS_KEPT_MONTHS into EVENTS_ARCHIVE now."""
        config = settings()
        if not config.events_kept_months:
            click.echo(KEEPS_ALL)
            return
        with reading():
            found = due(clock.now(), config.events_kept_months)
            counts = [count(months).events for months in found] if dry_run else []
        if not found:
            click.echo(NOTHING)
        for months, events in zip(found, counts, strict=False):
            click.echo(f"Before {months.ends_at:%Y-%m}: {events:,} events.")
        if found and not dry_run:
            _archive(found, config.events_archive)


def _add_restore(group: AppGroup) -> None:
    @group.command("restore")
    @click.argument("file", type=FILE)
    def restore_(file: Path) -> None:
        """Restore the events of an archive FILE, except those of accounts deleted since."""
        try:
            _check_kept(file)
            done = restore(file)
        except ArchiveFailed as failure:
            raise click.ClickException(str(failure)) from None
        click.echo(
            f"Restored {done.events:,} events;"
            f" {done.of_deleted:,} belong to accounts that no longer exist."
        )


def _add_files(group: AppGroup) -> None:
    @group.command("verify")
    @click.argument("file", type=FILE)
    def verify_(file: Path) -> None:
        """Read a whole archive FILE and fail if it is damaged."""
        try:
            click.echo(f"{file} is sound: {verify(file).events:,} events.")
        except ArchiveFailed as failure:
            raise click.ClickException(str(failure)) from None

    @group.command("scrub")
    @click.argument("files", type=FILE, nargs=-1, required=True)
    def scrub_(files: tuple[Path, ...]) -> None:
        """Remove the events of deleted accounts from archives FILES."""
        for file in files:
            try:
                click.echo(f"{file}: removed {scrub(file):,} events of deleted accounts.")
            except ArchiveFailed as failure:
                raise click.ClickException(str(failure)) from None


def _archive(found: list[partitions.Partition], folder: Path) -> None:
    try:
        with alone(folder) as is_alone:
            if not is_alone:
                raise click.ClickException(AT_IT)
            for months in found:
                file, events = archive(months, folder)
                click.echo(f"Archived {events:,} events in {file}.")
    except ArchiveFailed as failure:
        raise click.ClickException(str(failure)) from None


def _check_kept(file: Path) -> None:
    """Refuse an archive that would be archived again a minute later. Raises ArchiveFailed."""
    kept = settings().events_kept_months
    if kept and header_of(file).ends_at <= kept_from(clock.now(), kept):
        message = (
            f"EVENTS_KEPT_MONTHS is {kept}: these events would be archived again."
            " Set it higher, or to 0, for all processes first."
        )
        raise ArchiveFailed(message)
