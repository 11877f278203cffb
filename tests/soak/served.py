"""The application in production, which may tell webhooks on this machine as well.

Production refuses that setting; the receiver of the soak is on the loopback.
"""

from __future__ import annotations

from trackflow_web import config, create_app

config._webhook_loopback = lambda _environ, *, production: production

app = create_app()
