"""Accounts: HTML pages and fragments."""
