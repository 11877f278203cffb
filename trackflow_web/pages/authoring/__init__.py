"""Authoring: HTML pages and fragments."""
