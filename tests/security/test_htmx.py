"""What htmx is told not to do, because it could."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def settings(stranger):
    return json.loads(stranger.get("/").one('meta[name="htmx-config"]')["content"])


def test_htmx_runs_no_text_as_a_program(settings):
    assert settings["allowEval"] is False
    assert settings["allowScriptTags"] is False


def test_htmx_asks_no_other_site(settings):
    assert settings["selfRequestsOnly"] is True


def test_htmx_keeps_no_page_after_signing_out(settings):
    assert settings["historyCacheSize"] == 0
    assert settings["refreshOnHistoryMiss"] is True


def test_htmx_adds_no_style_that_the_policy_refuses(settings):
    assert settings["includeIndicatorStyles"] is False


def test_htmx_puts_no_error_in_the_place_of_a_list(settings):
    kept = [rule for rule in settings["responseHandling"] if rule["swap"] is False]
    assert {"code": "[45]..", "swap": False, "error": True} in kept


def test_no_form_sends_its_token_in_an_address(as_alice):
    for path in ("/songs/", "/packs/", "/settings/tokens", "/features/", "/imports/"):
        page = as_alice.get(path)
        assert not page.all("[hx-delete], [hx-get] > input[name=csrf_token]")
        assert not page.all("form[method=get] input[name=csrf_token]")
        assert "csrf_token=" not in page.html
