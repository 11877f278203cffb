"""Moderation: reports of users, holds, decisions of administrators and their log."""
