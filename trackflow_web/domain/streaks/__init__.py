"""The weekly streak: weeks in which a user charted, freezes, planned breaks."""
