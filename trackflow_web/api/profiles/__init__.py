"""Profiles: JSON API."""
