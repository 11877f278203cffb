"""Progress: what pages and API show of one user's achievements."""

from __future__ import annotations

from trackflow_web.achievements.progress.overview import UserProgress, of_user

__all__ = ["UserProgress", "of_user"]
