"""Seasons."""

from __future__ import annotations

from trackflow_web.achievements.standings import seasons
from trackflow_web.api.core import pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.api.seasons import schemas


@api.get("/seasons/")
@described(schemas.Seasons, query=Paging)
def list_seasons() -> schemas.Seasons:
    """List the seasons: those that run, those to come, those that are over."""
    found, following = pagination.piece(seasons.listed(), lambda season: season.slug)
    return schemas.Seasons(items=[schemas.Season.of(each) for each in found], next=following)
