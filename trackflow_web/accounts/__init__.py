"""A whole account, across all features: everything it holds, and its end."""
