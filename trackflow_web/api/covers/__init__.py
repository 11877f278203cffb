"""Covers: JSON API."""
