"""The feed, highlights, trends and figures in the API."""
