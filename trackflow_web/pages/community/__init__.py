"""The community page, the feed, the showcase, weekly highlights and figures."""
