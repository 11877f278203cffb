"""Profiles: HTML pages and fragments."""
