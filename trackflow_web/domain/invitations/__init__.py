"""Invitations from the invitees' side; the table is that of collaborations."""
