"""A small community to look at on first use: people who do not exist, songs that do."""
