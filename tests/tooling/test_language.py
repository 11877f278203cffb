"""Retired terms are found, and their stored names are not."""

from __future__ import annotations

from scripts.check_language import found_in, retired_terms


def test_a_retired_term_is_found_with_its_line_and_replacement():
    assert found_in("a handler\nthe JSON twin", retired_terms()) == [(2, "JSON twin", "JSON API")]


def test_names_of_columns_and_indexes_are_not_rejected():
    assert found_in("ix_activities_unheard ON activities (heard_at)", retired_terms()) == []
