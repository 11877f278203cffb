"""Reading chart files: HTML pages and fragments."""
