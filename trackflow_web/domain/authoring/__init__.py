"""Charting a song part by part."""
