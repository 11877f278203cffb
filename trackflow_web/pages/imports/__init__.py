"""Imports: HTML pages and fragments."""
