"""Home: HTML pages and fragments."""
