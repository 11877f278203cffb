"""Moderation: JSON API."""
