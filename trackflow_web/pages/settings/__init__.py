"""Settings: HTML pages and fragments."""
