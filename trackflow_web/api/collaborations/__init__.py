"""Collaborations: JSON API."""
