"""Stats: HTML pages and fragments."""
