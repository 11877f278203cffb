"""Achievements of administrators: create, change, grant, undo."""
