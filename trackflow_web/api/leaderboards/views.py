"""Leaderboards."""

from __future__ import annotations

from flask import request

from trackflow_web.achievements.standings import board
from trackflow_web.api.core import pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.leaderboards import schemas
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.leaderboards import wanted


@api.get("/community/leaderboard")
@described(schemas.Leaderboard, query=schemas.LeaderboardWanted)
def show_leaderboard() -> schemas.Leaderboard:
    """Show a leaderboard."""
    asked = wanted(request.args)
    found = board.load(
        get_current_user(),
        asked.kind,
        asked.window,
        asked.view,
        cursor=request.args.get("cursor"),
        limit=pagination.limit(),
    )
    return schemas.Leaderboard.of(found)
