"""Admin: HTML pages and fragments."""
