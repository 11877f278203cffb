"""Invitations: JSON API."""
