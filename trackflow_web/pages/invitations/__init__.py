"""Invitations: pages."""
