"""Badges that can be verified: HTML pages."""
