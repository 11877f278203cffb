"""Invitations as their invitees see and answer them; the table is that of collaborations."""
