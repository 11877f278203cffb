"""The features of htmx that are disabled."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def settings(stranger):
    return json.loads(stranger.get("/").one('meta[name="htmx-config"]')["content"])


def test_htmx_evaluates_no_text_as_code(settings):
    assert settings["allowEval"] is False
    assert settings["allowScriptTags"] is False


def test_htmx_sends_no_requests_to_other_sites(settings):
    assert settings["selfRequestsOnly"] is True


def test_htmx_keeps_no_history_after_signing_out(settings):
    assert settings["historyCacheSize"] == 0
    assert settings["refreshOnHistoryMiss"] is True


def test_htmx_adds_no_inline_style(settings):
    assert settings["includeIndicatorStyles"] is False


def test_htmx_does_not_replace_a_list_with_an_error(settings):
    kept = [rule for rule in settings["responseHandling"] if rule["swap"] is False]
    assert {"code": "[45]..", "swap": False, "error": True} in kept


def test_no_form_sends_its_csrf_token_in_a_url(as_alice):
    for path in ("/songs/", "/packs/", "/settings/tokens", "/features/", "/imports/"):
        page = as_alice.get(path)
        assert not page.all("[hx-delete], [hx-get] > input[name=csrf_token]")
        assert not page.all("form[method=get] input[name=csrf_token]")
        assert "csrf_token=" not in page.html
