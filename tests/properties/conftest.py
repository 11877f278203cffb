"""Properties: Hypothesis generates the examples. Collected only with `--all`."""

from __future__ import annotations

try:
    from hypothesis import HealthCheck, settings
except ModuleNotFoundError:  # named on the command line without the tools; nothing is collected
    settings = None

if settings:
    settings.register_profile(
        "trackflow",
        # A database takes as long as it takes, and a slow machine is not an error.
        deadline=None,
        # The same examples on every run: what fails on one machine fails on all.
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("trackflow")
