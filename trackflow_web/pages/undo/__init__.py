"""Undo: HTML pages and fragments."""
