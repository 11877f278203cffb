"""Songs: JSON API."""
