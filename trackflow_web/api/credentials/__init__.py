"""Badges that can be verified: JSON API."""
