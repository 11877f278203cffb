"""Threads of comments."""
