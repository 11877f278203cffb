"""Open Badges 3.0: awards as credentials that any program can verify, issued on request."""
