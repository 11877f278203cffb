"""Imports: JSON API."""
