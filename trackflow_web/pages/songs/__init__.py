"""Songs: HTML pages and fragments."""
