"""Series: HTML pages and fragments."""
