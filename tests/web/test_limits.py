"""Limits that pages and API share."""

from __future__ import annotations

from trackflow_web.web import limits


def test_every_endpoint_with_a_larger_body_exists(app):
    assert set(limits.LARGER_BODIES) <= set(app.view_functions)


def test_page_and_api_accept_files_of_the_same_size():
    sizes = limits.LARGER_BODIES
    assert sizes["imports.create"] == sizes["api.begin_import"]


def test_every_endpoint_that_is_never_searched_exists(app):
    assert limits.NO_SEARCH - {None} <= set(app.view_functions)
