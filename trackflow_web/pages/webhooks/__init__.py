"""Webhooks: HTML pages."""
