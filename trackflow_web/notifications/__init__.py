"""Notifications: what happened to a user's things, and who wants to hear of what."""
