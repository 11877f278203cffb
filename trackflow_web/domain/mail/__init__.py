"""Outgoing mail: rows that a job sends."""
