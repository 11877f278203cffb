"""Work that is not done while somebody waits for an answer."""
