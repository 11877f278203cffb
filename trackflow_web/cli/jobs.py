"""Commands for the jobs."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from trackflow_web.jobs import consumer
from trackflow_web.web.extensions import jobs


def commands() -> AppGroup:
    """`flask jobs ...`."""
    group = AppGroup("jobs", help="Run background jobs: imports, rechecks, maintenance.")

    @group.command("run")
    def run() -> None:
        """Run jobs until a signal ends it. With JOBS=worker, web processes leave them to this."""
        if not consumer.run_here(jobs()):
            message = (
                "Another process of this machine does the jobs."
                " Set JOBS=worker for the web processes to leave them to this one."
            )
            raise click.ClickException(message)

    @group.command("sweep")
    def sweep() -> None:
        """Resume jobs that were begun and not ended, once."""
        jobs().sweep()

    return group
