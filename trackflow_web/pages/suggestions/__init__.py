"""Suggestions of fields while typing."""
