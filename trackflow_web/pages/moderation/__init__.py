"""Moderation: pages."""
