"""Achievements: JSON API."""
