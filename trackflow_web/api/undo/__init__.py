"""Undo: JSON API."""
