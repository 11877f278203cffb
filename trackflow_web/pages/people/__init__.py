"""People: HTML pages and fragments."""
