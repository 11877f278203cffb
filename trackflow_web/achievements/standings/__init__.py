"""Leaderboards: scores by period, places, closed periods."""
