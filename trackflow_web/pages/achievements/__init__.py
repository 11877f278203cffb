"""Achievements: HTML pages and fragments."""
