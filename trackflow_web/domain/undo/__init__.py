"""Undoing what a user did a moment ago."""
