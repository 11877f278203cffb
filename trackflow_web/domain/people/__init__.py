"""Accounts, visits and access tokens."""
