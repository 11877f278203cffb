"""The community: the feed, weekly highlights, trends and figures."""
