"""A small demo community for first use: fictional users with real songs."""
