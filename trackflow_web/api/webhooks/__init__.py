"""Webhooks: JSON API."""
