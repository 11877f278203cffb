"""Notifications: JSON API."""
