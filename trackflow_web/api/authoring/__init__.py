"""Authoring: JSON API."""
