"""The JSON twin: the same actions and queries for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def connect(app: Flask) -> None:
    """Give an application its API."""
