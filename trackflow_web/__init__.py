"""TrackFlow: where charters plan, chart and release songs, and are rewarded for it."""

from trackflow_web.app import create_app

__all__ = ["create_app"]
