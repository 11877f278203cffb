"""Songs: planned, in work, released."""
