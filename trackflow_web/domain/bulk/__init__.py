"""Actions on one song or several at once, which can be undone."""
