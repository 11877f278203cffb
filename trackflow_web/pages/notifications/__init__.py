"""Notifications: pages."""
