"""Who helps with whose songs. Knows songs only by their id."""
